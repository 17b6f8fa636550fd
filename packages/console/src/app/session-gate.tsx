import { Container, Modal, Paper, Title } from "@mantine/core";
import { focusManager, type Query } from "@tanstack/react-query";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { queryClient } from "../api/query-client.ts";
import { useSessionInfo } from "../api/session-info.ts";
import { usePageTitle } from "./page-title.ts";
import { roleProblem, SIGNED_OUT, useSession } from "./session.ts";
import { SignIn } from "./sign-in.tsx";
import { COVER, useCover } from "./use-cover.ts";

/**
 * Asks for a token if the node wants one: before there is a page, and as soon as the one that was given is good no more. In the
 * latter case the page stays as it is, so that whoever was at work goes on where they were, but hidden: whoever is there now may be
 * somebody else.
 */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const { refusal, token } = useSession();
  const { data, isPending } = useSessionInfo();
  const [entered, setEntered] = useState(false);
  const problem = refusal ?? (data && roleProblem(data));
  const isAsked = problem !== undefined || (data?.tokenRequired === true && token === undefined);

  if (entered && refusal?.code === SIGNED_OUT) setEntered(false);
  if (!entered && !isPending && !isAsked) setEntered(true);

  useCover(entered && isAsked, "Sign in again · Stele");
  usePausedQueries(isAsked);
  useFreshQueries(token);

  const reason = problem?.code === "token_required" ? undefined : problem?.message;
  if (!entered) return isAsked ? <SignInPage reason={reason} /> : undefined;
  return (
    <>
      {children}
      <Modal
        opened={isAsked}
        onClose={() => undefined}
        withCloseButton={false}
        closeOnEscape={false}
        closeOnClickOutside={false}
        title="Sign in again"
        className={COVER}
        centered
      >
        <SignIn reason={reason ?? "The node asks for an access token now."} isOver />
      </Modal>
    </>
  );
}

function SignInPage({ reason }: { readonly reason: string | undefined }) {
  usePageTitle("Sign in");
  return (
    <Container size={420} component="main" pt="15vh">
      <Paper withBorder p="lg">
        <Title order={1} size="h3" mb="md">
          Sign in to Stele
        </Title>
        <SignIn reason={reason} />
      </Paper>
    </Container>
  );
}

/** What would be refused is not asked: queries that repeat themselves rest, as they do in a page that nobody sees. */
function usePausedQueries(paused: boolean): void {
  useEffect(() => focusManager.setFocused(paused ? false : undefined), [paused]);
}

/** With another token everything is asked again. What is shown stays until the answers are there. */
function useFreshQueries(token: string | undefined): void {
  const last = useRef(token);
  useEffect(() => {
    if (last.current === token) return;
    last.current = token;
    queryClient.removeQueries({ type: "inactive" });
    const filters = { predicate: ({ queryKey }: Query) => queryKey[0] !== "session" };
    // One that is under way, with the last token, would be waited for instead of asked again.
    void queryClient.cancelQueries(filters).then(() => queryClient.invalidateQueries(filters));
  }, [token]);
}
