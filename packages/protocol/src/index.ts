/**
 * The words of Callreel, shared by server, SDK, console and bots.
 *
 * Glossary: one noun for one thing, everywhere.
 *
 * - **Application**: a tenant, known by its `sdkAppId`. Nothing is shared between two of them.
 * - **User**: a person of an application, known by a `userId` that the application chose.
 * - **Device**: one place where a user is signed in: a browser tab, an app. Known by a `deviceId`.
 * - **Call**: an attempt of one user to speak with others, and what becomes of it. Has a `callId`.
 * - **Room**: where media meets, known to applications by a `roomId`. A room that is opened, emptied and
 *   opened again has lived twice: each life is a **room session** (`roomSessionId`).
 * - **Stream**: one track that a user publishes: `kind` audio or video, `source` main (microphone,
 *   camera) or aux (screen share).
 * - **Capture**: the packets of a room session on disk, with the **journal** of what happened.
 *   The folder that holds both is the **capture bundle**.
 * - **Task**: an order to make a recording of a room session. Known by a `taskId`.
 * - **Render**: turning a bundle and a task's parameters into files.
 * - **Usage**: how long was recorded, by application, day, mode and class.
 * - **Media record**: a finished file in the **library**, known by a `fileId`.
 *
 * Media time is an integer of microseconds since the Unix epoch (`…Us`).
 *
 * What enters: nothing. What leaves: types, schemas, the error catalogue. May not: do anything.
 */
export * from './call.ts';
export * from './error-catalogue.ts';
export * from './ids.ts';
export * from './signalling.ts';
export * from './usage.ts';
