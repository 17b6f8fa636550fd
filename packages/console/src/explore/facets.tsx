import { Button, Drawer } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
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

/** The most frequent values of the usual fields, with counts. In a drawer where there is no room; then nothing is asked for until it is opened. */
export function Facets() {
  const hasRoom = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
  const [isOpen, { open, close }] = useDisclosure();
  if (hasRoom) return <FacetList />;
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconFilter size={16} aria-hidden />}
        onClick={open}
      >
        Values
      </Button>
      <Drawer opened={isOpen} onClose={close} title="Values" size="xs">
        <FacetList />
      </Drawer>
    </>
  );
}

function FacetList() {
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
