using Gateway.Clusters;

namespace Gateway.Tests.Kernel;

/// <summary>Situations whose rule sets are kept as golden files and shown to nft.</summary>
internal static class Situations
{
    private const string Three = "a=10.77.0.11:80 b=10.77.0.12:80 c=10.77.0.13:80";
    private const string Three6 = "a=[fd77::11]:80 b=[fd77::12]:80 c=[fd77::13]:80";
    private const string Weighted = "a=10.77.0.11:80*1 b=10.77.0.12:80*2 c=10.77.0.13:80*3";
    private const string Vip = "10.77.0.100:80";
    private const string Vip6 = "[fd77::100]:80";
    private const string Dns = "a=10.77.0.11:53 b=10.77.0.12:53";

    private static readonly PersistenceOptions _fiveMinutes = new();

    public static Dictionary<string, Func<Situation>> All { get; } = new()
    {
        ["direct-rr"] = () => new Situation().With("web", Vip, "rr", Three),
        ["direct-rr-ipv6"] = () => new Situation().With("web", Vip6, "rr", Three6),
        ["direct-both-families"] = () => new Situation().With("web", $"{Vip} {Vip6}", "wlc", $"{Three} {Three6.Replace("=", "6=", StringComparison.Ordinal)}"),
        ["direct-wrr"] = () => new Situation().With("web", Vip, "wrr", Weighted),
        ["direct-sh"] = () => new Situation().With("web", Vip, "sh", Three),
        ["direct-sh-port"] = () => new Situation().With("web", Vip, "sh", Three, changeCluster: WithPort),
        ["direct-sh-masked"] = () => new Situation().With("web", $"{Vip} {Vip6}", "sh",
            $"{Three} {Three6.Replace("=", "6=", StringComparison.Ordinal)}", changeCluster: Masked),
        ["direct-sh-masked-port"] = () => new Situation().With("web", Vip, "sh", Three, changeCluster: c => WithPort(Masked(c))),
        ["nat-mh-masked"] = () => new Situation().With("web", Vip, "mh", "a=10.78.0.11:80 b=10.78.0.12:80*2", Nat, Masked),
        ["direct-sh-strict-one-down"] = () => new Situation().With("web", Vip, "sh", Three,
            changeCluster: c => Probed(c with { Scheduler = c.Scheduler with { Fallback = false } })).Down("web", "b"),
        ["direct-mh"] = () => new Situation().With("web", Vip, "mh", Weighted),
        ["direct-mh-port-ipv6"] = () => new Situation().With("web", Vip6, "mh", Three6, changeCluster: WithPort),
        ["direct-persistence"] = () => new Situation().With("web", Vip, "wlc", Three, changeCluster: Persistent),
        ["direct-persistence-masked"] = () => new Situation().With("web", $"{Vip} {Vip6}", "rr",
            $"{Three} {Three6.Replace("=", "6=", StringComparison.Ordinal)}",
            changeCluster: c => c with { Persistence = new() { Mask4 = 28, Mask6 = 64, Timeout = TimeSpan.FromMinutes(1) } }),
        ["direct-persistence-leaves-drained"] = () => new Situation().With("web", Vip, "rr", "a=10.77.0.11:80*0 b=10.77.0.12:80",
            changeCluster: c => c with { Persistence = _fiveMinutes with { LeaveDrained = true } }),
        ["direct-quiesced"] = () => new Situation().With("web", Vip, "rr", "a=10.77.0.11:80*0 b=10.77.0.12:80 c=10.77.0.13:80"),
        ["direct-one-down"] = () => new Situation().With("web", Vip, "rr", Three, changeCluster: Probed).Down("web", "b"),
        ["direct-all-down"] = () => new Situation().With("web", Vip, "rr", Three, changeCluster: Probed)
            .Down("web", "a").Down("web", "b").Down("web", "c"),
        ["direct-panic"] = () => new Situation().With("web", Vip, "rr", Three, changeCluster: c => Probed(c) with { Panic = true })
            .Down("web", "a").Down("web", "b").Down("web", "c"),
        ["direct-backup"] = () => new Situation().With("web", Vip, "rr", $"{Three} !sorry=10.77.0.14:80"),
        ["direct-backup-in-use"] = () => new Situation().With("web", Vip, "wrr", "a=10.77.0.11:80 !sorry=10.77.0.14:80", changeCluster: Probed)
            .Down("web", "a"),
        ["direct-backup-ranks"] = () => new Situation().With("web", Vip, "wrr", "a=10.77.0.11:80 !!last=10.77.0.15:80 !sorry=10.77.0.14:80", changeCluster: Probed)
            .Down("web", "a"),
        ["direct-backup-persistence"] = () => new Situation().With("web", Vip, "rr", "a=10.77.0.11:80 !sorry=10.77.0.14:80", changeCluster: Persistent),
        ["direct-too-few-ready"] = () => new Situation().With("web", Vip, "wrr", "a=10.77.0.11:80 b=10.77.0.12:80 !!last=10.77.0.15:80 !sorry=10.77.0.14:80*2",
            changeCluster: c => Persistent(Probed(c)) with { MinReady = 2 }).Down("web", "b"),
        ["direct-too-few-ready-sh"] = () => new Situation().With("web", Vip, "sh", "a=10.77.0.11:80 b=10.77.0.12:80 !sorry=10.77.0.14:80",
            changeCluster: c => Probed(c) with { MinReady = 2 }).Down("web", "b"),
        ["direct-agent-maintenance"] = () => new Situation().With("web", Vip, "rr", Three).Agent("web", "b", AgentOrder.Maintenance),
        ["direct-udp"] = () => new Situation().With("dns", "10.77.0.100:53", "rr", Dns, Udp),
        ["direct-udp-ipv6"] = () => new Situation().With("dns", "[fd77::100]:53", "sh", "a=[fd77::11]:53 b=[fd77::12]:53", Udp),
        ["direct-udp-one-packet"] = () => new Situation().With("dns", "10.77.0.100:53", "rr", Dns, s => Udp(s) with { OnePacket = true }),
        ["direct-second-segment"] = () => new Situation().With("web", Vip, "rr", "a=10.77.0.11:80 b=10.78.0.12:80"),
        ["direct-named-interface"] = () => new Situation().With("web", "10.99.0.1:80", "rr", Three, s => s with { Interface = "eth1" }),
        ["direct-several-ports"] = () => new Situation().With("web", $"{Vip} 10.77.0.100:443 10.77.0.101:80", "rr", Three),
        ["direct-two-servers"] = () => new Situation().With("web", Vip, "rr", Three)
            .With("Mail & more", "10.77.0.101:25", "sed", "a=10.77.0.11:25 b=10.77.0.12:25"),
        ["direct-before-relayed-flows-are-known"] = () => new Situation { KnowsRelayed = false }.With("web", Vip, "rr", Three),
        ["nat-rr"] = () => new Situation().With("web", Vip, "rr", "a=10.78.0.11:8080 b=10.78.0.12:8080", Nat),
        ["nat-masquerade"] = () => new Situation().With("web", Vip, "wrr", "a=10.78.0.11:8080 b=10.78.0.12:8081*3",
            s => Nat(s) with { Masquerade = true }),
        ["nat-ipv6"] = () => new Situation().With("web", Vip6, "sh", "a=[fd78::11]:80 b=[fd78::12]:80", Nat),
        ["nat-udp"] = () => new Situation().With("dns", "10.77.0.100:53 [fd77::100]:53", "rr",
            "a=10.78.0.11:5353 b=10.78.0.12:5353 c=[fd78::11]:5353", s => Nat(Udp(s))),
        ["nat-agent-down"] = () => new Situation().With("web", Vip, "rr", "a=10.78.0.11:80 b=10.78.0.12:80", Nat).Agent("web", "b", AgentOrder.Down),
        ["nat-persistence"] = () => new Situation().With("web", $"{Vip} {Vip6}", "wlc", "a=10.78.0.11:80 b=10.78.0.12:80 c=[fd78::11]:80",
            Nat, Persistent),
        ["stateless-rr"] = () => new Situation().With("web", Vip, "rr", "a=10.78.0.11:80 b=10.78.0.12:80", Stateless),
        ["stateless-other-ports"] = () => new Situation().With("web", Vip, "wlc", "a=10.78.0.11:8080 b=10.78.0.12:8081*3", Stateless),
        ["stateless-sh-ipv6"] = () => new Situation().With("web", Vip6, "sh", "a=[fd78::11]:8080 b=[fd78::12]:8080", Stateless),
        ["stateless-udp"] = () => new Situation().With("dns", "10.77.0.100:53 [fd77::100]:53", "rr",
            "a=10.78.0.11:5353 b=10.78.0.12:5353 c=[fd78::11]:5353", s => Stateless(Udp(s))),
        ["stateless-persistence"] = () => new Situation().With("web", $"{Vip} {Vip6}", "wlc", "a=10.78.0.11:80 b=10.78.0.12:80 c=[fd78::11]:80",
            Stateless, Persistent),
        ["stateless-place-twice"] = () => new Situation().With("web", Vip, "wrr", "a=10.78.0.11:80*2 b=10.78.0.11:80", Stateless),
        ["stateless-one-down"] = () => new Situation().With("web", Vip, "rr", "a=10.78.0.11:80 b=10.78.0.12:80", Stateless, Probed).Down("web", "b"),
        ["stateless-before-relayed-flows-are-known"] = () => new Situation { KnowsRelayed = false }
            .With("web", Vip, "sh", "a=10.78.0.11:80 b=10.78.0.12:80", Stateless),
        ["stateless-beside-nat-and-direct"] = () => new Situation().With("web", Vip, "rr", "a=10.78.0.11:80 b=10.78.0.12:80", Stateless)
            .With("dns", "10.77.0.100:80", "rr", "a=10.78.0.11:80 b=10.78.0.12:80", s => Stateless(Udp(s)))
            .With("db", "10.77.0.101:5432", "lc", "a=10.78.0.11:5432 b=10.78.0.12:5432", Nat).With("mail", "10.77.0.101:25", "rr", "a=10.77.0.11:25"),
        ["nat-and-direct"] = () => new Situation().With("web", Vip, "rr", Three)
            .With("db", "10.77.0.101:5432", "lc", "a=10.78.0.11:5432 b=10.78.0.12:5432", Nat),
    };

    private static VirtualServerOptions Udp(VirtualServerOptions server) => server with { Protocol = "udp" };

    private static VirtualServerOptions Nat(VirtualServerOptions server) => server with { Forwarding = "nat" };

    private static VirtualServerOptions Stateless(VirtualServerOptions server) => Nat(server) with { Stateless = true };

    private static ClusterOptions Probed(ClusterOptions cluster) => cluster with { Probe = new ProbeOptions { InitiallyUp = true } };

    private static ClusterOptions Persistent(ClusterOptions cluster) => cluster with { Persistence = _fiveMinutes };

    private static ClusterOptions Masked(ClusterOptions cluster) =>
        cluster with { Scheduler = cluster.Scheduler with { Mask4 = 24, Mask6 = 64 } };

    private static ClusterOptions WithPort(ClusterOptions cluster) =>
        cluster with { Scheduler = cluster.Scheduler with { UsePort = true } };
}
