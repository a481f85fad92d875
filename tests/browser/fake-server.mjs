// What every fake is: a server on loopback, with an `origin` of its own, that answers by its `answer(request, response)`.
import { createServer } from 'node:http';

export class FakeServer {
  #server = createServer(async (request, response) => {
    try {
      await this.answer(request, response);
    } catch (error) {
      response.destroy(error);
    }
  });

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
