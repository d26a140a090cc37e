package api

import "strings"

// Why a method of bitcoind's or btcd's is not here, and what to do instead.
const (
	noWallet  = "Pappus keeps no wallet and no keys: let a wallet sign, and hand it over with sendrawtransaction (pappus tx send)"
	noPSBT    = "Partly signed transactions are a wallet's: let it finish them, and hand over the result with sendrawtransaction"
	noScan    = "The set of unspent outputs has no index by script: gettxout looks one output up"
	noChoice  = "The chain with most work is the chain: it is not argued with"
	noSnap    = "Snapshots of unspent outputs are not there: pappus chain export and import carry the blocks"
	noPrivate = "Private keys are not taken over the API"
	noSockets = "There are no websockets: GET /events tells what happens as it happens"
)

// unsupported says of methods that people will try why they are not here.
func unsupported() map[string]string {
	hints := map[string]string{
		"getzmqnotifications": "There is no ZeroMQ: GET /events tells what happens as it happens",
		"gettxoutproof":       "Proofs are not made: getblock has all ids of a block",
		"verifytxoutproof":    "Proofs are not checked here",
		"verifymessage":       "Messages are a wallet's",
		"getrawaddrman":       "Use getnodeaddresses, getaddrmaninfo or pappus addresses export",
		"getorphantxs":        "Orphans are not shown",

		"getinfo":                    "Use getblockchaininfo, getnetworkinfo and getmempoolinfo, or pappus status",
		"pruneblockchain":            "Pruning is automatic: start the node with --prune",
		"prioritisetransaction":      "Mining here goes by fees alone",
		"getprioritisedtransactions": "Mining here goes by fees alone",
		"submitpackage":              "Packages are not relayed: send parents first",
		"importmempool":              "The mempool is loaded at the start; savemempool writes it",
		"getmemoryinfo":              "See process_resident_memory_bytes and go_memstats_* in GET /metrics",
		"getmempoolcluster":          "Use getmempoolancestors and getmempooldescendants",
		"createmultisig":             noWallet,
		"signmessagewithprivkey":     noPrivate,
		"signrawtransactionwithkey":  noPrivate,
		"getdescriptorinfo":          "Output descriptors are a wallet's; generateblock takes addr() and raw()",
		"deriveaddresses":            "Output descriptors are a wallet's",
		"getwork":                    "Use getblocktemplate",
		"setgenerate":                "Start the node with --mine, or use generatetoaddress (regtest and simnet)",
		"searchrawtransactions":      "There is no index by address: --txindex finds transactions by id",
		"node":                       "Use addnode and disconnectnode",
		"getcfilter":                 "Use getblockfilter",
		"getcfilterheader":           "Use getblockfilter",
		"estimatefee":                "Use estimatesmartfee",
		"estimaterawfee":             "Use estimatesmartfee",
	}
	for hint, names := range map[string]string{
		noWallet: `abandontransaction abortrescan addmultisigaddress backupwallet bumpfee createwallet createwalletdescriptor dumpprivkey dumpwallet encryptwallet
			exportwatchonlywallet fundrawtransaction getaccount getaccountaddress getaddressesbyaccount getaddressesbylabel getaddressinfo getbalance getbalances
			gethdkeys getnewaddress getrawchangeaddress getreceivedbyaddress getreceivedbylabel gettransaction getunconfirmedbalance getwalletinfo importaddress
			importdescriptors importmulti importprivkey importprunedfunds importpubkey importwallet keypoolrefill listaccounts listaddressgroupings listdescriptors
			listlabels listlockunspent listreceivedbyaddress listreceivedbylabel listsinceblock listtransactions listunspent listwalletdir listwallets loadwallet
			lockunspent migratewallet psbtbumpfee removeprunedfunds rescanblockchain restorewallet send sendall sendfrom sendmany sendtoaddress setaccount
			setlabel settxfee setwalletflag signmessage signrawtransaction signrawtransactionwithwallet simulaterawtransaction unloadwallet upgradewallet
			walletcreatefundedpsbt walletdisplayaddress walletlock walletpassphrase walletpassphrasechange walletprocesspsbt enumeratesigners`,
		noPSBT:    "analyzepsbt combinepsbt combinerawtransaction converttopsbt createpsbt decodepsbt descriptorprocesspsbt finalizepsbt joinpsbts utxoupdatepsbt",
		noScan:    "scantxoutset scanblocks getdescriptoractivity",
		noChoice:  "invalidateblock reconsiderblock preciousblock",
		noSnap:    "dumptxoutset loadtxoutset getchainstates",
		noSockets: "notifyblocks notifynewtransactions notifyreceived notifyspent stopnotifyblocks stopnotifynewtransactions session rescan rescanblocks loadtxfilter authenticate",
	} {
		for name := range strings.FieldsSeq(names) {
			hints[name] = hint
		}
	}
	return hints
}
