// Defines <twin-widget>: a person talks, listens or meets face to face with an AI twin, through a gate and nothing else.
import { TwinWidget } from './element.js';

// A page may load this module twice (a portal and an embed, say); the first definition stays.
if (!customElements.get('twin-widget')) customElements.define('twin-widget', TwinWidget);

export { TwinWidget };
export { translate } from './words.js';
