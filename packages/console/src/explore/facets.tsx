import { ActionIcon, Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { CountField } from "@stele/client";
import { IconFilter } from "@tabler/icons-react";
import { Facet } from "./facets/facet.tsx";
import { useTotal } from "./histogram/use-counts.ts";
import { useSnapshot } from "./snapshot.ts";
import classes from "./facets/facets.module.css";

const FACETS: readonly { readonly field: CountField; readonly label: string; readonly usual: number }[] = [
  { field: "actor", label: "Actors", usual: 10 },
  { field: "action", label: "Actions", usual: 10 },
  { field: "target", label: "Targets", usual: 10 },
  { field: "outcome", label: "Outcomes", usual: 3 },
  { field: "tenant", label: "Tenants", usual: 10 },
  { field: "source", label: "Sources", usual: 5 },
];

/** Opens {@link Facets} in a drawer, where there is no room beside the table. Nothing is asked for until then. */
export function FacetsDrawer() {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <ActionIcon variant="default" size={36} aria-label="Values" title="Values" onClick={open}>
        <IconFilter size={16} aria-hidden />
      </ActionIcon>
      <Drawer opened={isOpen} onClose={close} title="Values" size="xs">
        <Facets />
      </Drawer>
    </>
  );
}

/** The most frequent values of the usual fields, with counts. */
export function Facets() {
  const { data: snapshot, isError } = useSnapshot();
  const total = useTotal(snapshot);
  if (isError) return undefined;
  return (
    <div className={classes["facets"]}>
      {FACETS.map(({ field, label, usual }) => (
        <Facet key={field} field={field} label={label} usual={usual} total={total} />
      ))}
    </div>
  );
}
