import type { TaskParameters } from '../../packages/server/src/recording/task-parameters.ts';
import type { ServerProcess } from './server-process.ts';

type TaskRow = { taskId: string; roomId: string; state: string; paused: boolean; parameters: TaskParameters };

/** The recording task of a call that is held, ordered about over the API. */
export class RunningTask {
  readonly #server: ServerProcess;
  readonly #taskId: string;

  private constructor(server: ServerProcess, taskId: string) {
    this.#server = server;
    this.#taskId = taskId;
  }

  /** The task of a call, which has begun. */
  static async of(server: ServerProcess, callId: string): Promise<RunningTask> {
    const calls = await rows<{ callId: string; roomId: string }>(server, 'calls');
    const roomId = calls.find((call) => call.callId === callId)?.roomId;
    const task = (await rows<TaskRow>(server, 'recordings')).find((each) => each.roomId === roomId);
    if (task === undefined) throw new Error(`The call ${callId} is not recorded.`);
    return new RunningTask(server, task.taskId);
  }

  /** Starts one by order, in the room of a call or in one of an id. */
  static async start(server: ServerProcess, order: object): Promise<RunningTask> {
    const answer = await server.api('/api/v1/recordings', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
    if (answer.status !== 201) throw new Error(`The start was answered ${answer.status}: ${await answer.text()}`);
    return new RunningTask(server, ((await answer.json()) as { taskId: string }).taskId);
  }

  /** Its id. */
  get taskId(): string {
    return this.#taskId;
  }

  /** The task as the API lists it. */
  async row(): Promise<TaskRow> {
    const row = (await rows<TaskRow>(this.#server, 'recordings')).find(({ taskId }) => taskId === this.#taskId);
    if (row === undefined) throw new Error(`The task ${this.#taskId} is not listed.`);
    return row;
  }

  /** Gives it other parameters: those that it has with these changes. */
  async modify(changes: Partial<TaskParameters>): Promise<void> {
    const { parameters } = await this.row();
    await this.#order('PATCH', '', { parameters: { ...parameters, ...changes } });
  }

  /** Pauses, resumes or stops it. */
  order(what: 'pause' | 'resume' | 'stop'): Promise<void> {
    return this.#order('POST', `/${what}`);
  }

  async #order(method: string, path: string, body?: object): Promise<void> {
    const answer = await this.#server.api(`/api/v1/recordings/${this.#taskId}${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
  }
}

async function rows<T>(server: ServerProcess, what: 'calls' | 'recordings'): Promise<T[]> {
  const answer = (await (await server.api(`/api/v1/${what}?limit=100`)).json()) as Record<string, T[]>;
  return answer[what] ?? [];
}
