import { Alert, Button, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useState, type ReactNode, type SubmitEvent } from "react";
import { queryClient } from "../api/query-client.ts";
import { signIn, useSession } from "./session.ts";

/**
 * Asks for a token as soon as the node wants one. The page stays as it is behind it, so that whoever was at work goes
 * on where they were.
 */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const { refusal, token } = useSession();
  return (
    <>
      {children}
      <Modal
        opened={refusal !== undefined}
        onClose={() => undefined}
        withCloseButton={false}
        closeOnEscape={false}
        closeOnClickOutside={false}
        title={token === undefined ? "Sign in" : "Sign in again"}
        centered
      >
        <SignIn
          reason={refusal?.code === "token_required" && token === undefined ? undefined : refusal?.message}
        />
      </Modal>
    </>
  );
}

function SignIn({ reason }: { readonly reason: string | undefined }) {
  const [token, setToken] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signIn(token.trim());
    void queryClient.resetQueries();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {reason !== undefined && <Alert color="orange">{reason}</Alert>}
        <PasswordInput
          label="Access token"
          description="It stays in this tab. “stele token create --role reader” makes one."
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
          required
        />
        <Button type="submit" disabled={token.trim() === ""}>
          Sign in
        </Button>
        <Text size="xs" c="dimmed">
          What you were at is still there behind this, and goes on.
        </Text>
      </Stack>
    </form>
  );
}
