/**
 * Whether, what and how long to record.
 *
 * What enters: room events, the recording settings of applications. What leaves: tasks with their life
 * (also in the journal), render children, finished files with their facts. May not: touch media.
 */

export type { Alarm, AlarmParameters } from './alarm-parameters.ts';
export { mixedBaseName, playlistType, prefixedName, singleBaseName } from './file-name.ts';
export type {
  CustomRectangle,
  LargePicture,
  LayoutParameters,
  RenderMode,
  TemplateOptions,
} from './layout-parameters.ts';
export { fetchPicture, keepPicture, PictureFetches } from './picture-fetch.ts';
export { PICTURES_FOLDER, pictureUrlsOf } from './picture-name.ts';
export { Recorder, type RecorderOutlet } from './recorder.ts';
export { renderArguments } from './render-program.ts';
export type {
  RenderedFile,
  RenderMessage,
  RenderOrder,
  RenderRefusal,
  RenderReport,
  StillFile,
  Stills,
  StreamReport,
} from './render-protocol.ts';
export type { StartOrder } from './start-order.ts';
export type { Task } from './task.ts';
export type { TaskNews } from './task-news.ts';
export type { TaskOrders } from './task-orders.ts';
export { DEFAULT_TASK_PARAMETERS, fileFormatsOf, mediaOf, type TaskParameters } from './task-parameters.ts';
export { listTasks, type TaskRecord } from './task-record.ts';
export type { TaskStatus } from './task-status.ts';
export { readUpload, type TaskUpload, writeUpload } from './task-upload.ts';
export { USAGE_BUCKET_US, type UsageCount } from './usage-count.ts';
