/** Types of peers.mjs, for the tests. */
export declare const PEERS: string;
export declare const describePeers: () => { [name: string]: string };
