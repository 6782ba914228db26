import type { Kysely } from 'kysely';
import { CallreelError } from '../base/callreel-error.ts';
import type { Tables } from '../base/db/tables.ts';
import type { Application } from './application.ts';
import {
  selectApplication,
  selectApplications,
  selectCallbacks,
  updateCallbacks,
  updateRecording,
} from './application-queries.ts';
import type { CallbackSettings } from './callback-settings.ts';
import { checkCallbackSettings } from './callback-settings-schema.ts';
import type { RecordingSettings } from './recording-settings.ts';
import { checkRecordingSettings } from './recording-settings-schema.ts';
import { issueUserSig, type VerifiedUserSig, verifyUserSig } from './user-sig.ts';

/** The tenants: who they are, how their calls are recorded, and whose UserSigs are right. */
export class Applications {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** @throws {CallreelError} `ApplicationUnknown`. */
  async get(sdkAppId: number): Promise<Application> {
    const application = await selectApplication(this.#db, sdkAppId);
    if (application === null) throw new CallreelError('ApplicationUnknown', `sdkAppId is ${sdkAppId}.`);
    return application;
  }

  /** All of them, the oldest first. */
  list(): Promise<Application[]> {
    return selectApplications(this.#db);
  }

  /** How calls are recorded that begin now. @throws {CallreelError} `ApplicationUnknown`. */
  async recordingSettings(sdkAppId: number): Promise<RecordingSettings> {
    return (await this.get(sdkAppId)).recording;
  }

  /**
   * Changes how calls are recorded, for rooms that open afterwards.
   *
   * @param settings whatever came from outside; it is checked whole.
   * @throws {CallreelError} `ParameterInvalid`, `ApplicationUnknown`.
   */
  async setRecordingSettings(sdkAppId: number, settings: unknown): Promise<RecordingSettings> {
    const checked = checkRecordingSettings(settings);
    if (!(await updateRecording(this.#db, sdkAppId, checked)))
      throw new CallreelError('ApplicationUnknown', `sdkAppId is ${sdkAppId}.`);
    return checked;
  }

  /**
   * Where the application is told of what happens.
   *
   * @param db the transaction of who asks, where there is one: the embedded database has a single connection.
   * @throws {CallreelError} `ApplicationUnknown`.
   */
  async callbackSettings(sdkAppId: number, db: Kysely<Tables> = this.#db): Promise<CallbackSettings> {
    const settings = await selectCallbacks(db, sdkAppId);
    if (settings === null) throw new CallreelError('ApplicationUnknown', `sdkAppId is ${sdkAppId}.`);
    return settings;
  }

  /**
   * Changes where the application is told of what happens, for all that is sent afterwards.
   *
   * @param settings whatever came from outside; it is checked whole.
   * @throws {CallreelError} `ParameterInvalid`, `ApplicationUnknown`.
   */
  async setCallbackSettings(sdkAppId: number, settings: unknown): Promise<CallbackSettings> {
    const checked = checkCallbackSettings(settings);
    if (!(await updateCallbacks(this.#db, sdkAppId, checked)))
      throw new CallreelError('ApplicationUnknown', `sdkAppId is ${sdkAppId}.`);
    return checked;
  }

  /** Verifies the UserSig of a caller. @throws {CallreelError} `ApplicationUnknown` and those of {@link verifyUserSig}. */
  async verifyUserSig({
    sdkAppId,
    userId,
    userSig,
  }: {
    sdkAppId: number;
    userId: string;
    userSig: string | undefined;
  }): Promise<VerifiedUserSig> {
    const { secretKey } = await this.get(sdkAppId);
    return verifyUserSig({ sdkAppId, secretKey, userId, userSig });
  }

  /** Issues a UserSig, valid for `expireS` seconds (default one day). @throws {CallreelError} `ApplicationUnknown`. */
  async issueUserSig({
    sdkAppId,
    userId,
    expireS = 86_400,
  }: {
    sdkAppId: number;
    userId: string;
    expireS?: number;
  }): Promise<string> {
    const { secretKey } = await this.get(sdkAppId);
    return issueUserSig({ sdkAppId, secretKey, userId, expireS });
  }
}
