import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { queryClient } from "../api/query-client.ts";
import { TimeZoneProvider } from "../ui/time-zone.tsx";
import { styleNonce } from "./nonce.ts";
import { router } from "./router.tsx";
import { SessionGate } from "./session-gate.tsx";
import { theme, variables } from "./theme.ts";

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <QueryClientProvider client={queryClient}>
        <TimeZoneProvider>
          <SessionGate>
            <RouterProvider router={router} />
          </SessionGate>
        </TimeZoneProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
