import type { CallInfo, ResumedCall } from '@callreel/protocol';
import { describe, expect, it } from 'vitest';
import { resumeSteps } from './engine-call.ts';

const info = (callId: string): CallInfo => ({
  callId,
  mediaType: 'video',
  callerId: 'amy',
  calleeIdList: ['bob'],
  roomId: 1,
  role: 'caller',
  userData: '',
  chatGroupId: '',
});
const active = (callId: string): ResumedCall => ({
  state: 'active',
  info: info(callId),
  room: { roomId: 1, users: [], streams: [], recording: false, mediaEpoch: 1 },
  acceptedAtMs: 1,
});
const waiting = (state: 'ringing' | 'calling', callId: string): ResumedCall => ({
  state,
  info: info(callId),
  remainingMs: 1000,
});
const steps = (...args: Parameters<typeof resumeSteps>): string[] =>
  resumeSteps(...args).map((step) =>
    'call' in step ? `${step.do} ${step.call.info.callId}` : 'callId' in step ? `${step.do} ${step.callId}` : step.do,
  );
const nothing = new Set<string>();

describe('resumeSteps', () => {
  it('leaves an engine without a call alone', () => expect(steps(null, [], nothing)).toEqual([]));
  it('updates a running call', () =>
    expect(steps({ callId: 'c1', phase: 'active' }, [active('c1')], nothing)).toEqual(['update c1']));
  it('begins a call that was answered meanwhile', () => {
    expect(steps({ callId: 'c1', phase: 'calling' }, [active('c1')], nothing)).toEqual(['begin c1']);
    expect(steps({ callId: 'c1', phase: 'ringing' }, [active('c1')], nothing)).toEqual(['begin c1']);
  });
  it('goes on ringing', () =>
    expect(steps({ callId: 'c1', phase: 'ringing' }, [waiting('ringing', 'c1')], nothing)).toEqual(['stay']));
  it('ends a call that is over, and takes up another', () => {
    expect(steps({ callId: 'c1', phase: 'active' }, [], nothing)).toEqual(['finish']);
    expect(steps({ callId: 'c1', phase: 'active' }, [waiting('ringing', 'c2')], nothing)).toEqual([
      'finish',
      'adopt c2',
    ]);
  });
  it('takes up the running call of a page that was loaded anew', () => {
    expect(steps(null, [waiting('ringing', 'c2'), active('c1')], nothing)).toEqual(['adopt c1']);
    expect(steps(null, [waiting('ringing', 'c1'), waiting('ringing', 'c2')], nothing)).toEqual(['adopt c2']);
  });
  it('hangs up again what the user has left', () => {
    expect(steps(null, [active('c1')], new Set(['c1']))).toEqual(['hangup c1']);
  });
});
