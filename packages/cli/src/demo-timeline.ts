const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** How much of a day's events each hour has, in UTC: people work, and some machines never sleep. */
const HOUR_WEIGHTS = [1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 9, 7, 9, 10, 10, 9, 7, 5, 4, 3, 2, 2, 1];
const WEIGHT_SUM = HOUR_WEIGHTS.reduce((sum, weight) => sum + weight, 0);

/** When the events of the simulated past occur: event `n` always at the same time, more of them by day than by night. */
export class DemoTimeline {
  readonly #eventsPerDay: number;

  constructor(eventsPerDay: number) {
    this.#eventsPerDay = eventsPerDay;
  }

  /** The time of event `n`, in milliseconds since 1970. */
  timeOf(n: number): number {
    const day = Math.floor(n / this.#eventsPerDay);
    let weight = ((n / this.#eventsPerDay) % 1) * WEIGHT_SUM;
    let hour = 0;
    while (weight >= HOUR_WEIGHTS[hour]!) weight -= HOUR_WEIGHTS[hour++]!;
    return Math.floor(day * DAY_MS + (hour + weight / HOUR_WEIGHTS[hour]!) * HOUR_MS);
  }

  /** How many events have occurred by then: the number of the next one, give or take one. */
  eventsUntil(ms: number): number {
    const hours = (ms % DAY_MS) / HOUR_MS;
    const hour = Math.floor(hours);
    let weight = HOUR_WEIGHTS[hour]! * (hours - hour);
    for (let before = 0; before < hour; before++) weight += HOUR_WEIGHTS[before]!;
    return Math.floor((Math.floor(ms / DAY_MS) + weight / WEIGHT_SUM) * this.#eventsPerDay);
  }
}
