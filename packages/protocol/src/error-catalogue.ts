/**
 * The one catalogue of errors. A code never changes its meaning; `docs/reference/errors.md` is made from it.
 *
 * `fault`: who can mend it (`caller` the one who asked, `store` a place for files, `server` us).
 * `retry`: whether the same request may succeed later.
 */
export const ERROR_CATALOGUE = Object.freeze({
  // Signing in
  UserSigMissing: {
    status: 401,
    fault: 'caller',
    retry: false,
    sentence: 'No UserSig was given.',
    action: 'Ask your back end for a UserSig and sign in with it.',
  },
  UserSigInvalid: {
    status: 401,
    fault: 'caller',
    retry: false,
    sentence: 'The UserSig cannot be read or its signature is wrong.',
    action: 'Sign with the secret key of this application, by a tls-sig-api-v2 library.',
  },
  UserSigExpired: {
    status: 401,
    fault: 'caller',
    retry: false,
    sentence: 'The UserSig has expired.',
    action: 'Ask your back end for a new UserSig.',
  },
  UserSigForeign: {
    status: 401,
    fault: 'caller',
    retry: false,
    sentence: 'The UserSig belongs to another user or application.',
    action: 'Sign in with the UserSig of this very user.',
  },
  ApplicationUnknown: {
    status: 401,
    fault: 'caller',
    retry: false,
    sentence: 'There is no application with this SdkAppId.',
    action: 'Check the SdkAppId.',
  },
  SignedInElsewhere: {
    status: 409,
    fault: 'caller',
    retry: false,
    sentence: 'This device id has signed in on another connection.',
    action: 'Use one device id for each tab or app.',
  },
  // Messages
  MessageMalformed: {
    status: 400,
    fault: 'caller',
    retry: false,
    sentence: 'The message does not have the required form.',
    action: 'Compare it with the reference; the message names the field.',
  },
  MessageUnknown: {
    status: 400,
    fault: 'caller',
    retry: false,
    sentence: 'There is no request with this name.',
    action: 'Compare it with the reference.',
  },
  MessageTooLarge: {
    status: 413,
    fault: 'caller',
    retry: false,
    sentence: 'The message is larger than allowed.',
    action: 'Send less at once.',
  },
  RequestTooFrequent: {
    status: 429,
    fault: 'caller',
    retry: true,
    sentence: 'Too many requests in a short time.',
    action: 'Wait a second and try again.',
  },
  // Calls
  CallUserUnknown: {
    status: 404,
    fault: 'caller',
    retry: false,
    sentence: 'A called user has never signed in.',
    action: 'Check the user id; the user must have signed in at least once.',
  },
  CallUnknown: {
    status: 404,
    fault: 'caller',
    retry: false,
    sentence: 'There is no such call, or it is over.',
    action: 'Start a new call.',
  },
  CallNotMember: {
    status: 403,
    fault: 'caller',
    retry: false,
    sentence: 'This user does not belong to the call.',
    action: 'Ask somebody in the call for an invitation.',
  },
  CallNotRinging: {
    status: 409,
    fault: 'caller',
    retry: false,
    sentence: 'The call does not ring for this user any more.',
    action: 'Start a new call.',
  },
  CallNotActive: {
    status: 409,
    fault: 'caller',
    retry: false,
    sentence: 'The call has not begun for this device, or has ended for it.',
    action: 'Accept the call first.',
  },
  CallSelf: {
    status: 400,
    fault: 'caller',
    retry: false,
    sentence: 'A user cannot call himself or herself.',
    action: 'Remove the caller from the list.',
  },
  CallNobody: {
    status: 400,
    fault: 'caller',
    retry: false,
    sentence: 'The list of called users is empty.',
    action: 'Name at least one user.',
  },
  CallUserTwice: {
    status: 400,
    fault: 'caller',
    retry: false,
    sentence: 'A user stands twice in the list.',
    action: 'Name each user once.',
  },
  CallBusy: {
    status: 409,
    fault: 'caller',
    retry: true,
    sentence: 'The caller is in another call already.',
    action: 'Hang up first.',
  },
  CallUserBusy: {
    status: 409,
    fault: 'caller',
    retry: true,
    sentence: 'Everybody who was called is in another call.',
    action: 'Try again later.',
  },
  CallAnsweredElsewhere: {
    status: 409,
    fault: 'caller',
    retry: false,
    sentence: 'Another device of this user has answered the call.',
    action: 'Go on there.',
  },
  RoomIdsBothGiven: {
    status: 400,
    fault: 'caller',
    retry: false,
    sentence: 'Both roomId and strRoomId were given.',
    action: 'Give one of them or none.',
  },
  RoomTaken: {
    status: 409,
    fault: 'caller',
    retry: true,
    sentence: 'Another call is held in this room.',
    action: 'Choose another room id, or leave it to the server.',
  },
  // Rooms and media
  RoomUnknown: {
    status: 404,
    fault: 'caller',
    retry: false,
    sentence: 'There is no such room, or it is over.',
    action: 'Enter through a running call.',
  },
  RoomNotEntered: {
    status: 409,
    fault: 'caller',
    retry: false,
    sentence: 'This device is not in the room.',
    action: 'Accept or join the call first.',
  },
  StreamUnknown: {
    status: 404,
    fault: 'caller',
    retry: false,
    sentence: 'This device publishes no such stream.',
    action: 'Publish it first.',
  },
  OfferStale: {
    status: 409,
    fault: 'caller',
    retry: true,
    sentence: 'The answer belongs to an offer that has been replaced.',
    action: 'Answer the newest offer.',
  },
  OfferRefused: {
    status: 400,
    fault: 'caller',
    retry: false,
    sentence: 'The media server does not accept this session description.',
    action: 'Offer VP8 or H.264 video and Opus sound, one m-line a stream.',
  },
  MediaUnavailable: {
    status: 503,
    fault: 'server',
    retry: true,
    sentence: 'The media server is restarting.',
    action: 'Try again in some seconds.',
  },
  // HTTP
  NotSignedIn: {
    status: 401,
    fault: 'caller',
    retry: false,
    sentence: 'This needs a console user or a REST key.',
    action: 'Sign in, or send HTTP Basic credentials.',
  },
  PasswordWrong: {
    status: 401,
    fault: 'caller',
    retry: false,
    sentence: 'User or password is wrong.',
    action: 'Check both.',
  },
  NotAllowed: {
    status: 403,
    fault: 'caller',
    retry: false,
    sentence: 'These credentials do not allow this.',
    action: 'Use credentials of this application with the needed scope.',
  },
  NotFound: {
    status: 404,
    fault: 'caller',
    retry: false,
    sentence: 'There is nothing at this address.',
    action: 'Check the address.',
  },
  MethodNotAllowed: {
    status: 405,
    fault: 'caller',
    retry: false,
    sentence: 'This address does not know the method.',
    action: 'Compare it with the reference.',
  },
  ParameterInvalid: {
    status: 400,
    fault: 'caller',
    retry: false,
    sentence: 'A parameter is not valid.',
    action: 'The message names the parameter and what is allowed.',
  },
  RestKeyUnknown: {
    status: 404,
    fault: 'caller',
    retry: false,
    sentence: 'There is no such REST key, or it is revoked.',
    action: 'List the keys with GET /api/v1/keys.',
  },
  MediaUnknown: {
    status: 404,
    fault: 'caller',
    retry: false,
    sentence: 'There is no such media record.',
    action: 'Check the file id.',
  },
  RangeNotSatisfiable: {
    status: 416,
    fault: 'caller',
    retry: false,
    sentence: 'The range lies outside the file.',
    action: 'Ask for bytes below the size given in Content-Range.',
  },
  FileMissing: {
    status: 410,
    fault: 'store',
    retry: false,
    sentence: 'The file of this media record is not in its store any more.',
    action: 'Look at the store; render the capture again if it is kept.',
  },
  StoreUnavailable: {
    status: 503,
    fault: 'store',
    retry: true,
    sentence: 'The store for the files cannot be reached or is not able to take them now.',
    action: 'Nothing: it is tried again. Look at the store if it lasts.',
  },
  StoreRefused: {
    status: 502,
    fault: 'store',
    retry: false,
    sentence: 'The store refuses the files.',
    action: 'Check bucket, region, keys and address of the store; the message names what it said.',
  },
  // Recording
  DiskFull: {
    status: 507,
    fault: 'store',
    retry: true,
    sentence: 'The disk has no room for this.',
    action: 'Free space or add some.',
  },
  TaskUnknown: {
    status: 404,
    fault: 'caller',
    retry: false,
    sentence: 'There is no such recording task.',
    action: 'Check the task id.',
  },
  TaskNotRunning: {
    status: 409,
    fault: 'caller',
    retry: false,
    sentence: 'The recording task does not run any more.',
    action: 'Nothing can be changed: its file ends, or has ended.',
  },
  RecordingOff: {
    status: 409,
    fault: 'caller',
    retry: false,
    sentence: 'Recording is switched off for this application.',
    action: 'Switch it on in the recording settings of the application.',
  },
  TaskLimitReached: {
    status: 429,
    fault: 'caller',
    retry: true,
    sentence: 'As many recording tasks of this application run as are allowed at once.',
    action: 'Stop one, or raise recording.maxTasks.',
  },
  TaskPaused: {
    status: 409,
    fault: 'caller',
    retry: false,
    sentence: 'The recording task is paused already.',
    action: 'Resume it, or leave it so.',
  },
  TaskNotPaused: {
    status: 409,
    fault: 'caller',
    retry: false,
    sentence: 'The recording task is not paused.',
    action: 'Pause it first.',
  },
  // Callbacks
  CallbackUnknown: {
    status: 404,
    fault: 'caller',
    retry: false,
    sentence: 'There is no such callback.',
    action: 'Check the delivery id; callbacks are kept for callback.logDays after they were delivered or given up.',
  },
  CallbackNoAddress: {
    status: 409,
    fault: 'caller',
    retry: false,
    sentence: 'The application has no address for callbacks of this kind.',
    action: 'Set one: PUT /api/v1/applications/<SdkAppId>/callbacks.',
  },
  BundleUnreadable: {
    status: 422,
    fault: 'caller',
    retry: false,
    sentence: 'The capture bundle cannot be read.',
    action: 'Check the folder: it must hold journal.jsonl.',
  },
  NothingCaptured: {
    status: 422,
    fault: 'caller',
    retry: false,
    sentence: 'The capture holds no packet in the window of the task.',
    action: 'Nothing can be rendered.',
  },
  RenderFailed: {
    status: 500,
    fault: 'server',
    retry: true,
    sentence: 'The render ended with an error.',
    action: 'The capture is kept: render it again; see the log.',
  },
  UsageRangeTooLong: {
    status: 400,
    fault: 'caller',
    retry: false,
    sentence: 'More days of usage are asked for than are given at once.',
    action: 'Ask for 31 days at most, or for one where spans of five minutes are wanted.',
  },
  // Starting
  ConfigInvalid: {
    status: 500,
    fault: 'caller',
    retry: false,
    sentence: 'The configuration is not valid.',
    action: 'The message names the key and what is allowed.',
  },
  PortTaken: {
    status: 500,
    fault: 'caller',
    retry: false,
    sentence: 'The port is in use by another program.',
    action: 'Choose another with --port, or end the other program.',
  },
  DataFolderInUse: {
    status: 500,
    fault: 'caller',
    retry: false,
    sentence: 'The data folder is in use by another Callreel process.',
    action: 'End the other process, or choose another folder with --data.',
  },
  DataFolderUnusable: {
    status: 500,
    fault: 'caller',
    retry: false,
    sentence: 'The data folder cannot be written.',
    action: 'Check its rights and the disk.',
  },
  MediaServerMissing: {
    status: 500,
    fault: 'caller',
    retry: false,
    sentence: 'Janus is not installed.',
    action: 'Install it: apt-get install janus (or run make demo once).',
  },
  MediaServerFailed: {
    status: 500,
    fault: 'server',
    retry: true,
    sentence: 'Janus did not start.',
    action: 'Read its log in the data folder; a taken port range is the usual cause.',
  },
  // Ours
  InternalError: {
    status: 500,
    fault: 'server',
    retry: true,
    sentence: 'Something went wrong on the server.',
    action: 'Try again; give the request id to the operator.',
  },
} as const satisfies Record<string, ErrorEntry>);

/** One entry of the catalogue. */
export type ErrorEntry = {
  /** HTTP status that goes with it. */
  status: number;
  fault: 'caller' | 'store' | 'server';
  retry: boolean;
  sentence: string;
  /** What to do. */
  action: string;
};

/** Code of an error. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE;
