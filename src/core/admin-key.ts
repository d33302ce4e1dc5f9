import { createHmac, timingSafeEqual } from "node:crypto";

/** What only the operator's password makes. */
export interface AdminKey {
  /** Takes the same time for every text (docs/promises.md X5). */
  isPassword(typed: string): boolean;
  /** A seal that whoever has another password, or other SECRET_KEYS, does not make. 43 letters of base64url. */
  seal(text: string): string;
  isSeal(seal: string, text: string): boolean;
}

/** @param secret of the key that signs links */
export function openAdminKey(password: string, secret: string): AdminKey {
  const key = createHmac("sha256", secret).update(`paperboy admin 1\0${password}`).digest();
  const mac = (purpose: string, text: string) => createHmac("sha256", key).update(`${purpose}\0${text}`).digest();
  const expected = mac("password", password);
  return {
    isPassword: (typed) => timingSafeEqual(mac("password", typed), expected),
    seal: (text) => mac("seal", text).toString("base64url"),
    isSeal(seal, text) {
      const given = Buffer.from(seal, "base64url");
      const own = mac("seal", text);
      return given.length === own.length && timingSafeEqual(given, own);
    },
  };
}
