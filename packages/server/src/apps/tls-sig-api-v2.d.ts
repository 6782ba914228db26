/** The official library has no types of its own; these are the parts that the tests use. */
declare module 'tls-sig-api-v2' {
  export class Api {
    constructor(sdkAppId: number, secretKey: string);
    genUserSig(userId: string, expireS: number): string;
    genPrivateMapKey(userId: string, expireS: number, roomId: number, privilegeMap: number): string;
    genPrivateMapKeyWithStringRoomID(userId: string, expireS: number, roomId: string, privilegeMap: number): string;
  }
}
