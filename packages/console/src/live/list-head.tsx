import { useTimeZone } from "../ui/time-zone.tsx";
import classes from "./live.module.css";

/** What the columns are. For those who see them: each row says it all by itself. */
export function ListHead() {
  const { zone } = useTimeZone();
  return (
    <div className={classes["head"]}>
      <span>Time ({zone})</span>
      <span aria-hidden>Index</span>
      <span aria-hidden>Outcome</span>
      <span aria-hidden>Actor</span>
      <span aria-hidden>Action</span>
      <span aria-hidden>Targets</span>
    </div>
  );
}
