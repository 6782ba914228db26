/**
 * What enters: UserSigs, keys, passwords, settings from outside. What leaves: who it is, and how the calls of
 * an application are recorded. May not: know calls or media.
 */
export type { Application } from './application.ts';
export { Applications } from './applications.ts';
export { CALLBACK_KINDS, type CallbackAddress, type CallbackKind, type CallbackSettings } from './callback-settings.ts';
export { CallbackSettingsSchema } from './callback-settings-schema.ts';
export { type ConsoleSession, type ConsoleUser, ConsoleUsers } from './console-users.ts';
export { type Credentials, createFirstCredentials } from './first-start.ts';
export type { RecordingSettings } from './recording-settings.ts';
export {
  checkRecordingSettings,
  checkTaskParameters,
  RecordingSettingsSchema,
  TaskParametersSchema,
} from './recording-settings-schema.ts';
export { hasScope, REST_KEY_SCOPES, type RestKey, type RestKeyRecord, type RestKeyScope } from './rest-key.ts';
export { RestKeys } from './rest-keys.ts';
export { issueUserSig, type VerifiedUserSig, verifyUserSig } from './user-sig.ts';
