import { formatTime } from "../../ui/format-time.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * What stands below the marks of a time axis: as much of the time as tells marks apart, and the date where it changes.
 *
 * @param marks in Unix milliseconds
 * @param stepMs between two marks
 */
export function axisTimes(marks: readonly number[], stepMs: number, zone: string): string[] {
  let dateBefore = "";
  return marks.map((ms) => {
    const [date = "", time = ""] = formatTime(ms, zone).split(" ");
    const isNewDate = date !== dateBefore;
    dateBefore = date;
    if (stepMs >= DAY_MS) return date;
    const short = stepMs < 1_000 ? time : stepMs < MINUTE_MS ? time.slice(0, 8) : time.slice(0, 5);
    return isNewDate ? `${short}\n${date}` : short;
  });
}
