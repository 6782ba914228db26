import { CallreelError } from '../base/index.ts';

/** `ApplicationUnknown` is an answer to a sign-in; of an address or a body it is that which is wrong. */
export async function knownHere<T>(found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof CallreelError && error.code === 'ApplicationUnknown')
      throw new CallreelError('NotFound', 'There is no application with this SdkAppId.', { cause: error });
    throw error;
  }
}
