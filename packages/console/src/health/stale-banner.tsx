import { IconPlugConnectedX } from "@tabler/icons-react";
import { Foreign } from "../ui/foreign.tsx";
import { Time } from "../ui/time.tsx";
import type { Staleness } from "./staleness.ts";
import classes from "./health.module.css";

interface StaleBannerProps {
  readonly staleness: Staleness | undefined;
  readonly error: Error | null;
}

/** Says that what is below is old, and since when. Always there, so that a screen reader hears what comes into it. */
export function StaleBanner({ staleness, error }: StaleBannerProps) {
  return (
    <div role="status" className={staleness && classes["unreachable"]}>
      {staleness && (
        <>
          <IconPlugConnectedX size={20} aria-hidden />
          <div>
            <p>
              As of <Time value={new Date(staleness.asOfMs).toISOString()} seconds withZone />: the node is
              unreachable since <Time value={new Date(staleness.sinceMs).toISOString()} seconds withZone />.
            </p>
            <p className={classes["small"]}>
              What is below was so then. The page goes on asking, and goes on by itself once the node answers.
              {error && (
                <>
                  {" "}
                  <Foreign text={error.message} />
                </>
              )}
            </p>
          </div>
        </>
      )}
    </div>
  );
}
