/** Has the browser save bytes as a file. The name is ours: nothing of strangers goes into it. */
export function download(name: string, bytes: Uint8Array | string, mediaType: string): void {
  const part = typeof bytes === "string" ? bytes : new Uint8Array(bytes);
  const url = URL.createObjectURL(new Blob([part], { type: mediaType }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the bytes by the time that the next task runs.
  setTimeout(() => URL.revokeObjectURL(url));
}
