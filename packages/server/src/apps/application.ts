import type { CallbackSettings } from './callback-settings.ts';
import type { RecordingSettings } from './recording-settings.ts';

/** A tenant. Nothing is shared between two of them. */
export type Application = {
  sdkAppId: number;
  name: string;
  /** Key that signs UserSigs; 64 hexadecimal digits. */
  secretKey: string;
  recording: RecordingSettings;
  callbacks: CallbackSettings;
  createdUs: number;
};
