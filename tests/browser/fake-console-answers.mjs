// How the console's fake gate answers: the documented error shape, an id for every request, merge patches as RFC 7386 has them.

export function merge(target, patch) {
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete target[name];
    else if (typeof value === 'object' && !Array.isArray(value)) merge((target[name] ??= {}), value);
    else target[name] = value;
  }
}

const problem = (type, code, message, param = null) => ({ error: { type, code, message, param } });
export const notYours = () => [403, problem('forbidden', 'forbidden', 'This route is the operator’s.')];
export const missing = () => [404, problem('not_found', 'not_found', 'There is no such thing.')];
export const invalid = (param, message = `${param} is wrong`) => [400, problem('invalid_request', 'invalid', message, param)];

export function refuse(response, { status, error, retryAfter }) {
  return send(response, status, { error }, retryAfter);
}

export function send(response, status, body, retryAfter) {
  const headers = { 'x-request-id': 'req_of_the_fake' };
  if (retryAfter) headers['retry-after'] = String(retryAfter);
  if (body?.error) body = { error: { code: null, param: null, message: '', request_id: 'req_of_the_fake', ...body.error } };
  if (body !== undefined) headers['content-type'] = typeof body === 'string' ? 'text/plain' : 'application/json';
  response.writeHead(status, headers);
  response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
}

export async function readJson(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : undefined;
}
