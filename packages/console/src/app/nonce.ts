/** The nonce that this answer's content security policy has for styles. The browser shows it to scripts as a property only. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}
