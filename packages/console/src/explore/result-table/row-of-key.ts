/**
 * The row that a key leads to; undefined for other keys.
 *
 * @param page rows that are seen at one time
 */
export function rowOfKey(
  key: string,
  row: number,
  { page, rowCount }: { readonly page: number; readonly rowCount: number },
): number | undefined {
  const to = target(key, row, page, rowCount);
  return to === undefined ? undefined : Math.max(0, Math.min(to, rowCount - 1));
}

function target(key: string, row: number, page: number, rowCount: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return row + 1;
    case "ArrowUp":
      return row - 1;
    case "PageDown":
      return row + page;
    case "PageUp":
      return row - page;
    case "Home":
      return 0;
    case "End":
      return rowCount - 1;
    default:
      return undefined;
  }
}
