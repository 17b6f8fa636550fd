import { formatRate } from "../ui/format-number.ts";
import type { LiveFeed } from "./live-feed.ts";
import { useRates } from "./use-live-feed.ts";
import classes from "./live.module.css";

const HEIGHT = 20;

/** How many events come a second, over three times, and each second of the last minute as a bar. */
export function RateDisplay({ feed }: { readonly feed: LiveFeed }) {
  const { over1, over10, over60, perSecond } = useRates(feed);
  const top = Math.max(1, ...perSecond);
  return (
    <div className={classes["rates"]}>
      <svg
        width={perSecond.length * 2}
        height={HEIGHT}
        role="img"
        aria-label={`Events in each of the last 60 seconds: at most ${formatRate(Math.max(...perSecond))}`}
        className={classes["spark"]}
      >
        {perSecond.map((count, i) => {
          const height = count === 0 ? 0 : Math.max(1, (count / top) * HEIGHT);
          return <rect key={i} x={i * 2} y={HEIGHT - height} width={1.5} height={height} />;
        })}
      </svg>
      <dl className={classes["rateList"]}>
        <Rate over="1 s" value={over1} />
        <Rate over="10 s" value={over10} />
        <Rate over="60 s" value={over60} />
      </dl>
    </div>
  );
}

function Rate({ over, value }: { readonly over: string; readonly value: number }) {
  return (
    <div className={classes["rate"]}>
      <dt>over {over}</dt>
      <dd className="tabular">{formatRate(value)}/s</dd>
    </div>
  );
}
