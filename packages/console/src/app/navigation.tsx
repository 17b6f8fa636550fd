import { IconActivity, IconHeartbeat, IconSearch, IconShieldCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useLogSearch } from "./log-name.ts";
import classes from "./shell.module.css";

const PAGES = [
  { to: "/", label: "Explore", Icon: IconSearch },
  { to: "/live", label: "Live", Icon: IconActivity },
  { to: "/health", label: "Health", Icon: IconHeartbeat },
  { to: "/verify", label: "Verify", Icon: IconShieldCheck },
] as const;

/** Links to the pages. They keep the log, and nothing else of the page that is left. */
export function Navigation({ stacked = false }: { readonly stacked?: boolean }) {
  const className = stacked ? `${classes["link"]} ${classes["stacked"]}` : classes["link"];
  const search = useLogSearch();
  return PAGES.map(({ to, label, Icon }) => (
    <Link
      key={to}
      to={to}
      search={search}
      activeOptions={{ exact: to === "/", includeSearch: false }}
      className={className ?? ""}
    >
      <Icon size={18} stroke={1.8} aria-hidden />
      {label}
    </Link>
  ));
}
