/**
 * Tells the bundler that making a schema does nothing else: the schemas of the protocol are for the server, and
 * pages should not carry them.
 */
export const pureSchemas = {
  manualPureFunctions: ['Type', 'Object.freeze'],
  moduleSideEffects: (id: string): boolean => !id.includes('/typebox/') && !id.includes('/packages/protocol/'),
};
