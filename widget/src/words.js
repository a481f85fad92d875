// What the widget says, by language. A page may add languages, and change words of those that are here.
import de from './words/de.js';
import en from './words/en.js';
import es from './words/es.js';

// A map, as a page names the languages: `constructor` must not be one.
const LANGUAGES = new Map(Object.entries({ en, es, de }));
const LEFTWARD = /^(ar|fa|he|ps|ur|yi)\b/;

/** The widgets on the page; each is told when words change. */
export const speakers = new Set();

/**
 * Adds a language, or changes some words of one. What a language lacks is said in English. Throws a RangeError where the
 * browser knows no such tag could be (`en_US`), as it couldn't write numbers in it.
 */
export function translate(language, words) {
  const tag = Intl.getCanonicalLocales(language)[0].toLowerCase();
  LANGUAGES.set(tag, { ...LANGUAGES.get(tag), ...words });
  for (const speak of speakers) speak();
}

/**
 * The language to speak: of `wanted` (the page's own statement, or what the visitor's browser prefers) the first that is
 * there, by its full tag (`es-mx`) or its first part (`es`); else English.
 */
export function languageOf(wanted) {
  for (const tag of wanted.map((one) => one.toLowerCase())) {
    for (const have of [tag, tag.split('-')[0]]) if (LANGUAGES.has(have)) return have;
  }
  return 'en';
}

export const isLeftward = (language) => LEFTWARD.test(language);

/** `t(key, values)` in one language; `own` are the words this one widget was given, `name` fills in for `{name}`. */
export function speaker(language, own, name) {
  const sources = [own, LANGUAGES.get(language), LANGUAGES.get(language.split('-')[0]), en];
  return (key, values) => {
    const words = sources.find((source) => typeof source?.[key] === 'string')?.[key] ?? '';
    return words.replace(/\{(\w+)\}/g, (_, slot) => ({ name, ...values })[slot] ?? '');
  };
}
