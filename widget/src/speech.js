// A voice that starts before the last byte has come, and falls silent at once when asked to.

/** Plays one spoken answer at a time. */
export class Voice {
  #current = null;

  /**
   * Plays what `request(signal)` streams; resolves when it has been heard or was interrupted.
   * `hush(limitCheckId)` tells the gate of an interruption.
   */
  async play(request, hush) {
    this.stop();
    const abort = new AbortController();
    const current = { abort, hush, audio: new Audio(), limitCheckId: null };
    this.#current = current;
    try {
      const response = await request(abort.signal);
      current.limitCheckId = response.headers.get('x-limit-check-id');
      await this.#sound(current, response);
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      release(current.audio);
      if (this.#current === current) this.#current = null;
    }
  }

  /** Silence now. The gate is told, and stops the vendor: unheard seconds cost as well. */
  stop() {
    const current = this.#current;
    if (!current) return;
    this.#current = null;
    current.audio.pause();
    current.abort.abort();
    if (current.limitCheckId) current.hush(current.limitCheckId);
  }

  async #sound(current, response) {
    const { audio, abort } = current;
    const type = (response.headers.get('content-type') ?? 'audio/mpeg').split(';')[0].trim();
    const over = new Promise((resolve, reject) => {
      audio.addEventListener('ended', resolve, { once: true });
      audio.addEventListener('error', () => reject(new Error('unplayable')), { once: true });
      abort.signal.addEventListener('abort', resolve, { once: true });
    });
    over.catch(() => {}); // awaited below; until then a rejection is not unhandled
    const streamable = globalThis.MediaSource?.isTypeSupported?.(type) && response.body;
    if (streamable) await this.#stream(audio, response.body, type, abort.signal);
    else {
      audio.src = URL.createObjectURL(await response.blob());
      await audio.play();
    }
    await over;
  }

  async #stream(audio, body, type, signal) {
    const source = new MediaSource();
    audio.src = URL.createObjectURL(source);
    await once(source, 'sourceopen', signal);
    const buffer = source.addSourceBuffer(type);
    const reader = body.getReader();
    let started = false;
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) return;
      if (done) break;
      buffer.appendBuffer(value);
      await once(buffer, 'updateend', signal);
      if (audio.error || source.readyState !== 'open') throw new Error('unplayable');
      if (!started && buffer.buffered.length > 0) {
        started = true;
        await audio.play();
      }
    }
    if (!started) throw new Error('unplayable');
    source.endOfStream();
  }
}

function once(target, name, signal) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true });
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function release(audio) {
  audio.pause();
  if (audio.src.startsWith('blob:')) URL.revokeObjectURL(audio.src);
  audio.removeAttribute('src');
}
