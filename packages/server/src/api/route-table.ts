import type { FastifyInstance } from 'fastify';

/** Which methods an address knows: what 405 needs and Fastify does not tell. */
export class RouteTable {
  readonly #routes: { methods: string[]; url: string; pattern: RegExp }[] = [];

  /** Notes every route that is registered from now on. */
  watch(api: FastifyInstance): void {
    api.addHook('onRoute', ({ method, url }) => {
      const pattern = url
        .split(/(:[^/]+|\*)/)
        .map((part) =>
          part === '*' ? '.*' : part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'),
        );
      this.#routes.push({ methods: [method].flat(), url, pattern: new RegExp(`^${pattern.join('')}$`) });
    });
  }

  /** Every route as it was registered: `GET /api/v1/media/:fileId`. */
  all(): string[] {
    return this.#routes.flatMap(({ methods, url }) => methods.map((method) => `${method} ${url}`)).sort();
  }

  /** The methods of the routes that this address belongs to. @param url with or without a query. */
  methodsAt(url: string): string[] {
    const [path = ''] = url.split('?', 1);
    return [
      ...new Set(this.#routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods)),
    ].sort();
  }
}
