export { promoteStore } from "./promote-store.ts";
export type { PromotedLog, PromoteOptions } from "./promote-store.ts";
export { reconcileStores } from "./reconcile-stores.ts";
export type { ReconcileStoresOptions } from "./reconcile-stores.ts";
export { defaultStateDirectory } from "../verify/remembered.ts";
export type { Alarm, ReconcileReport } from "./reconcile-report.ts";
export { verifyStoreUrl } from "../verify/verify-store-url.ts";
export type { VerifyStoreUrlOptions } from "../verify/verify-store-url.ts";
