/** What a tenant's program does with a client whose types were made of the gate's OpenAPI document. */
import createClient from 'openapi-fetch';
import type { components, paths } from './made/gate.js';

export type Problem = components['schemas']['Error']['error'];

export class Refused extends Error {
  constructor(readonly status: number, readonly problem: Problem) {
    super(`${problem.type} (${problem.code})`);
  }
}

/** What came of a call: its data, or its error as the document describes it. */
function told<T>({ data, error, response }: { data?: T; error?: components['schemas']['Error']; response: Response }): T {
  if (error) throw new Refused(response.status, error.error);
  return data as T;
}

export function program(baseUrl: string, key: string) {
  const gate = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${key}` } });
  return {
    async open(): Promise<{ id: string; token: string; may: string[] }> {
      const { id, token, capabilities } = told(await gate.POST('/v1/sessions', { body: { channel: 'portal', consent: true } }));
      return { id, token, may: capabilities };
    },

    /** Asks, works, settles; what it cost, and what is left. */
    async turn(units: number): Promise<{ cost: number; left: string | null | undefined }> {
      const estimate = { units, unit_type: 'characters' } as const;
      const permit = told(await gate.POST('/v1/preflight', { body: { capability: 'speech', provider: 'cartesia', estimate } }));
      const path = { limit_check_id: permit.limit_check_id };
      const settled = told(await gate.POST('/v1/preflight/{limit_check_id}/settle', { params: { path }, body: estimate }));
      return { cost: settled.cost_amount, left: permit.remaining.cost_usd };
    },

    async chat(content: string): Promise<string> {
      const messages = [{ role: 'user', content } as const];
      const completion = told(await gate.POST('/v1/chat/completions', { body: { model: 'gpt-5.4-mini', messages } }));
      if (typeof completion === 'string') throw new Error('nobody has asked for a stream');
      return completion.choices.map(({ message }) => message.content).join();
    },

    async usage(): Promise<components['schemas']['UsageWindow'][]> {
      return told(await gate.GET('/v1/usage')).windows;
    },

    /** None of these may pass the compiler: where one does, the compiler says that nothing was to be expected. */
    async wrong(): Promise<void> {
      // @ts-expect-error no such path
      await gate.GET('/v1/usages');
      // @ts-expect-error no such channel
      await gate.POST('/v1/sessions', { body: { channel: 'fax' } });
      // @ts-expect-error units are a number
      await gate.POST('/v1/preflight', { body: { capability: 'speech', provider: 'cartesia', estimate: { units: '7', unit_type: 'characters' } } });
      // @ts-expect-error the permit's id is missing
      await gate.POST('/v1/preflight/{limit_check_id}/settle', { body: { units: 7, unit_type: 'characters' } });
    },
  };
}
