import { MalformedError } from "@stele/proof";

/** A file on the computer of whoever looks at the page, being written. */
export interface FileSink {
  /** Returns once there is room for more. */
  readonly write: (text: string) => Promise<void>;
  /** The file is complete. */
  readonly close: () => Promise<void>;
  /** There is to be no file. */
  readonly abort: () => Promise<void>;
}

/** Where the browser has to hold the whole file until it is complete. */
const HELD_LENGTH_BYTES_MAX = 512 << 20;

/**
 * Asks where the file goes and writes there as it comes, where the browser can do that; else collects it and hands it over
 * as a download. Undefined if nobody chose a place. Call it in answer to a click.
 *
 * @throws from `write`: MalformedError `export_too_large`
 */
export async function openFile(name: string, type: string): Promise<FileSink | undefined> {
  if (!window.showSaveFilePicker) return heldFile(name, type);
  try {
    const handle = await window.showSaveFilePicker({ suggestedName: name });
    const writable = await handle.createWritable();
    return {
      write: (text) => writable.write(text),
      close: () => writable.close(),
      abort: () => writable.abort(),
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return undefined;
    throw error;
  }
}

function heldFile(name: string, type: string): FileSink {
  // A browser may move blobs to its disk; strings stay in memory.
  let parts: Blob[] = [];
  let lengthBytes = 0;
  const drop = () => {
    parts = [];
    return Promise.resolve();
  };
  return {
    write: async (text) => {
      const part = new Blob([text]);
      lengthBytes += part.size;
      if (lengthBytes > HELD_LENGTH_BYTES_MAX) {
        await drop();
        throw new MalformedError("export_too_large", TOO_LARGE);
      }
      parts.push(part);
    },
    close: () => {
      download(name, new Blob(parts, { type }));
      return drop();
    },
    abort: drop,
  };
}

const TOO_LARGE = `The export has more than ${HELD_LENGTH_BYTES_MAX >> 20} MiB, and this browser can only hold it in memory. Narrow the search, use a browser that writes to a file as it comes (Chrome or Edge, over HTTPS or on this machine), or use “stele export”.`;

/** Hands over a complete file, as a link to it would. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}

const REVOKE_AFTER_MS = 60_000;

declare global {
  interface Window {
    /** The File System Access API: not in all browsers, and for pages of a secure origin only. */
    readonly showSaveFilePicker?: (options: {
      readonly suggestedName: string;
    }) => Promise<FileSystemFileHandle>;
  }
}
