/** An S3 store that an order brings along. Holds a secret: never logged, never told. */
export type CloudStorageTarget = {
  /** `cos`: Tencent's, by its S3 interface. */
  vendor: 'cos' | 'aws';
  region: string;
  bucket: string;
  accessKey: string;
  secretKey: string;
  /** Null: that of the vendor. */
  endpointUrl: string | null;
  /** Folders around the task's own. */
  prefix: readonly string[];
};
