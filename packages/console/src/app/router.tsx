import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { ExplorePage } from "../explore/explore-page.tsx";
import { exploreSearch } from "../explore/explore-search.ts";
import { liveSearch } from "../live/live-search.ts";
import { healthSearch } from "../health/health-search.ts";
import { PageError } from "./page-error.tsx";
import { PageUnknown } from "./page-unknown.tsx";
import { LOG_FORM } from "./log-form.ts";
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

const explore = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: exploreSearch,
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
