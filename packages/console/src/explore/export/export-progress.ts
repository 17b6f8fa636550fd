/** What became of the last export. */
export type ExportProgress =
  | {
      readonly state: "running";
      readonly what: string;
      readonly written: number;
      readonly total: number | undefined;
    }
  | { readonly state: "done"; readonly fileName: string; readonly what: string }
  | { readonly state: "failed"; readonly error: unknown };
