import type { CallEndReason } from '@callreel/protocol';

/** Languages of the page. */
export type Language = 'en' | 'zh';

const EN = {
  language: '中文',
  languageLabel: 'Switch to Chinese',
  signInTitle: 'Join Callreel',
  signInHint: 'Choose the name under which others reach you.',
  yourName: 'Your user id',
  signIn: 'Continue',
  signingIn: 'Connecting…',
  offline: 'Connection lost. Trying again…',
  online: 'Online',
  signedInAs: 'Signed in as',
  callTitle: 'Start a call',
  callWhom: 'User ids',
  callHint: 'Several people: separate them by commas.',
  videoCall: 'Video call',
  audioCall: 'Voice call',
  consent: 'Calls may be recorded. A red sign shows whenever a recording runs.',
  consentAccept: 'By accepting you agree that this call may be recorded.',
  ringingVideo: 'invites you to a video call',
  ringingAudio: 'invites you to a voice call',
  withOthers: (names: string): string => `together with ${names}`,
  calling: 'Calling…',
  accept: 'Accept',
  reject: 'Decline',
  cancel: 'Cancel',
  hangup: 'Leave the call',
  mute: 'Mute microphone',
  unmute: 'Unmute microphone',
  muted: 'microphone off',
  cameraOff: 'Turn camera off',
  cameraOn: 'Turn camera on',
  you: 'You',
  waiting: 'Waiting for the others…',
  recording: 'Recording',
  recordingHint: 'This call is being recorded.',
  hear: 'Tap to hear the others',
  ended: 'The call is over',
  notConnected: 'No call',
  length: (time: string): string => `It lasted ${time}.`,
  again: 'Call again',
  back: 'Back',
  declinedBy: (name: string): string => `${name} has declined.`,
  noAnswerFrom: (name: string): string => `${name} does not answer.`,
  busyUser: (name: string): string => `${name} is in another call.`,
  signedOutElsewhere: 'You have signed in somewhere else.',
  signInAgain: 'Sign in again',
  errorTitle: 'This does not work',
  controls: 'Call controls',
  people: 'People in the call',
  video: (name: string): string => `Picture of ${name}`,
  reasons: {
    hangup: (name: string): string => `${name} hung up.`,
    reject: (name: string): string => `${name} has declined.`,
    noResponse: (): string => 'Nobody answered.',
    offline: (name: string): string => `The connection of ${name} was lost.`,
    lineBusy: (name: string): string => `${name} is in another call.`,
    canceled: (name: string): string => `${name} has cancelled the call.`,
    otherDeviceAccepted: (): string => 'You have answered on another device.',
    otherDeviceReject: (): string => 'You have declined on another device.',
    endByServer: (): string => 'The call was ended by the service.',
  } satisfies Record<CallEndReason, (name: string) => string>,
  errors: {} as Record<string, string>,
};

/** Texts of the page in one language. */
export type Texts = typeof EN;

const ZH: Texts = {
  language: 'English',
  languageLabel: '切换到英文',
  signInTitle: '加入 Callreel',
  signInHint: '请输入您的用户 ID，别人通过它呼叫您。',
  yourName: '您的用户 ID',
  signIn: '继续',
  signingIn: '正在连接…',
  offline: '连接已断开，正在重试…',
  online: '在线',
  signedInAs: '当前用户',
  callTitle: '发起通话',
  callWhom: '对方用户 ID',
  callHint: '呼叫多人时请用逗号分隔。',
  videoCall: '视频通话',
  audioCall: '语音通话',
  consent: '通话可能会被录制；录制进行时会显示红色标志。',
  consentAccept: '接听即表示您同意本次通话可能被录制。',
  ringingVideo: '邀请您视频通话',
  ringingAudio: '邀请您语音通话',
  withOthers: (names) => `同时邀请了 ${names}`,
  calling: '正在呼叫…',
  accept: '接听',
  reject: '拒绝',
  cancel: '取消',
  hangup: '挂断',
  mute: '关闭麦克风',
  unmute: '打开麦克风',
  muted: '麦克风已关闭',
  cameraOff: '关闭摄像头',
  cameraOn: '打开摄像头',
  you: '我',
  waiting: '等待其他人加入…',
  recording: '录制中',
  recordingHint: '本次通话正在录制。',
  hear: '点击以播放对方声音',
  ended: '通话已结束',
  notConnected: '未接通',
  length: (time) => `通话时长 ${time}`,
  again: '再次呼叫',
  back: '返回',
  declinedBy: (name) => `${name} 已拒绝。`,
  noAnswerFrom: (name) => `${name} 无应答。`,
  busyUser: (name) => `${name} 正在通话中。`,
  signedOutElsewhere: '您已在其他地方登录。',
  signInAgain: '重新登录',
  errorTitle: '出错了',
  controls: '通话控制',
  people: '通话成员',
  video: (name) => `${name} 的画面`,
  reasons: {
    hangup: (name) => `${name} 已挂断。`,
    reject: (name) => `${name} 已拒绝。`,
    noResponse: () => '对方无应答。',
    offline: (name) => `${name} 的连接已断开。`,
    lineBusy: (name) => `${name} 正在通话中。`,
    canceled: (name) => `${name} 已取消呼叫。`,
    otherDeviceAccepted: () => '已在其他设备上接听。',
    otherDeviceReject: () => '已在其他设备上拒绝。',
    endByServer: () => '通话已被服务器结束。',
  },
  errors: {
    UserSigMissing: '缺少 UserSig，请向您的应用后端申请。',
    UserSigInvalid: 'UserSig 无效，请检查签名密钥。',
    UserSigExpired: 'UserSig 已过期，请重新获取。',
    UserSigForeign: 'UserSig 属于其他用户或应用。',
    ApplicationUnknown: 'SdkAppId 不存在。',
    SignedInElsewhere: '此设备已在其他连接上登录。',
    CallUserUnknown: '对方从未登录过，请检查用户 ID。',
    CallUserBusy: '对方正在通话中。',
    CallSelf: '不能呼叫自己。',
    CallNobody: '请填写要呼叫的用户。',
    CallUserTwice: '同一用户出现了两次。',
    CallBusy: '您正在另一个通话中，请先挂断。',
    CallUnknown: '通话不存在或已结束。',
    CallNotRinging: '通话已不再响铃。',
    CallAnsweredElsewhere: '已在其他设备上接听。',
    MediaUnavailable: '媒体服务器正在重启，请稍后再试。',
    ConnectionLost: '连接已断开，请稍后再试。',
    RequestTimedOut: '服务器没有及时响应，请重试。',
    InsecurePage: '只有 https 或 localhost 页面才能使用摄像头和麦克风。',
    MicrophoneRefused: '没有麦克风权限，请在浏览器设置中允许。',
    MicrophoneMissing: '没有找到麦克风。',
    MicrophoneBusy: '麦克风无法打开，可能被其他程序占用。',
    MicrophoneEnded: '麦克风已断开。',
    CameraRefused: '没有摄像头权限，请在浏览器设置中允许。',
    CameraMissing: '没有找到摄像头。',
    CameraBusy: '摄像头无法打开，可能被其他程序占用。',
    CameraEnded: '摄像头已断开。',
    InternalError: '服务器出错，请重试。',
  },
};

/** Texts of a language. */
export function textsIn(language: Language): Texts {
  return language === 'zh' ? ZH : EN;
}

/** Language that the browser prefers, of those that the page has. */
export function preferredLanguage(languages: readonly string[]): Language {
  for (const each of languages) {
    if (/^zh\b/i.test(each)) return 'zh';
    if (/^en\b/i.test(each)) return 'en';
  }
  return 'en';
}

/** A duration as `m:ss` or `h:mm:ss`. */
export function clockTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}
