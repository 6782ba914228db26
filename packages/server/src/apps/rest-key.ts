/**
 * What a REST key may do. `read`: look at everything of its application. `record`: order recordings, look after them,
 * and end rooms. `library`: see and change what is recorded. `all`: everything.
 */
export const REST_KEY_SCOPES = Object.freeze(['read', 'record', 'library', 'all'] as const);

/** One of {@link REST_KEY_SCOPES}. */
export type RestKeyScope = (typeof REST_KEY_SCOPES)[number];

/** A REST key: what a back end signs in with. `sdkAppId` null sees all applications. */
export type RestKey = { secretId: string; sdkAppId: number | null; scopes: readonly RestKeyScope[] };

/** A REST key as lists show it: never its secret. */
export type RestKeyRecord = RestKey & { name: string; createdUs: number; revokedUs: number | null };

/** Whether a key with these scopes may do what needs one of `wanted`. */
export function hasScope(scopes: readonly RestKeyScope[], ...wanted: RestKeyScope[]): boolean {
  return scopes.some((scope) => scope === 'all' || wanted.includes(scope));
}

/** Those of the words that are scopes. */
export function readScopes(words: readonly string[]): RestKeyScope[] {
  return REST_KEY_SCOPES.filter((scope) => words.includes(scope));
}
