export { checkPlace, rememberPlace } from "../verify/remembered-places.ts";
export type { Alarm, AlarmKey, Alarms } from "../ops/alarms.ts";
export { trustLog } from "./log-keys.ts";
export type { ShownLogKeys, TrustedLog } from "./log-keys.ts";
export { LogMonitor } from "./log-monitor.ts";
export type { LogMonitorOptions, Round } from "./log-monitor.ts";
export { defaultMonitorDirectory, MonitorDirectory } from "./monitor-state.ts";
export type { MonitorState } from "./monitor-state.ts";
export { VantagePoint } from "./vantage-point.ts";
