import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { pageClient } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { ExplorePage } from "../explore/explore-page.tsx";
import { exploreSearch } from "../explore/explore-search.ts";
import { snapshotOptions } from "../explore/snapshot.ts";
import { queryText } from "../explore/use-explore.ts";
import { liveSearch } from "../live/live-search.ts";
import { healthSearch } from "../health/health-search.ts";
import { PageError } from "./page-error.tsx";
import { PageUnknown } from "./page-unknown.tsx";
import { LOG_FORM } from "./log-form.ts";
import { DEFAULT_LOG } from "./log-name.ts";
import { currentSession } from "./session.ts";
import { Shell } from "./shell.tsx";

interface RootSearch {
  readonly log?: string;
}

const root = createRootRoute({
  component: Shell,
  notFoundComponent: PageUnknown,
  errorComponent: PageError,
  validateSearch: ({ log }: Record<string, unknown>): RootSearch =>
    typeof log === "string" && LOG_FORM.test(log) ? { log } : {},
});

/** The first that most people see: what it shows is asked for before it is drawn. */
const explore = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: exploreSearch,
  loaderDeps: ({ search: { log, q, from, to } }) => ({ log, q, from, to }),
  loader: ({ deps: { log = DEFAULT_LOG, ...asked }, preload }) => {
    // Whoever moves the mouse over links to searches does not ask all of these.
    if (preload) return;
    const snapshot = snapshotOptions(pageClient(log, currentSession().token), queryText(asked));
    // One that was asked for is the page's affair, also if it failed.
    if (!queryClient.getQueryState(snapshot.queryKey)) void queryClient.prefetchQuery(snapshot);
  },
  component: ExplorePage,
});

const event = createRoute({
  getParentRoute: () => root,
  path: "/event/$log/$index",
  component: lazyRouteComponent(() => import("../event/event-page.tsx"), "EventPage"),
});

const live = createRoute({
  getParentRoute: () => root,
  path: "/live",
  validateSearch: liveSearch,
  component: lazyRouteComponent(() => import("../live/live-page.tsx"), "LivePage"),
});

const health = createRoute({
  getParentRoute: () => root,
  path: "/health",
  validateSearch: healthSearch,
  component: lazyRouteComponent(() => import("../health/health-page.tsx"), "HealthPage"),
});

const verify = createRoute({
  getParentRoute: () => root,
  path: "/verify",
  component: lazyRouteComponent(() => import("../verify/verify-page.tsx"), "VerifyPage"),
});

/** The pages. Their paths are also `CONSOLE_PATHS` of the server, which answers them with index.html. */
export const router = createRouter({
  routeTree: root.addChildren([explore, event, live, health, verify]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
