using System.Collections.Frozen;
using Gateway.Clusters;
using Gateway.Names;

namespace Gateway.Configuration;

/// <summary>Which kind of probe reads which key, and which it cannot do without.</summary>
internal static class ProbeKeys
{
    private const string Http = "http https h2";
    private const string MayHaveTls = "tcp smtp ftp imap pop3 redis h2 grpc";

    private const string Judging = "tcp udp http https h2 grpc dns icmp smtp ftp imap pop3 redis postgres command";

    private static readonly string[] _ofTls = ["ServerName", "VerifyCertificate"];

    /// <summary>The kinds that read a key; keys that are not here are read by all.</summary>
    private static readonly FrozenDictionary<string, string[]> _kinds = new Dictionary<string, string>
    {
        ["Send"] = "tcp udp agent",
        ["SendHex"] = "tcp udp",
        ["Expect"] = "tcp udp command",
        ["ExpectHex"] = "tcp udp",
        ["Regex"] = $"tcp udp {Http}",
        ["Steps"] = "tcp",
        ["Strict"] = "tcp udp command",
        ["Tls"] = MayHaveTls,
        ["ServerName"] = $"https {MayHaveTls}",
        ["VerifyCertificate"] = $"https {MayHaveTls}",
        ["Path"] = $"{Http} agent",
        ["Method"] = Http,
        ["Host"] = $"{Http} grpc smtp agent",
        ["Headers"] = Http,
        ["Status"] = Http,
        ["DrainStatus"] = Http,
        ["Body"] = Http,
        ["BodySha256"] = Http,
        ["Service"] = "grpc",
        ["Query"] = "dns",
        ["QueryType"] = "dns",
        ["Answer"] = "dns",
        ["User"] = "postgres",
        ["Command"] = "command",
        ["WeightFromExit"] = "command",
        ["Rise"] = Judging,
        ["Fall"] = Judging,
        ["InitiallyUp"] = Judging,
    }.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Split(' '));

    public static void Check(Section section, ProbeOptions options)
    {
        // A key that another kind of probe reads would be ignored, and its writer would never know.
        foreach (var (key, kinds) in _kinds.Where(pair => section.Has(pair.Key) && !pair.Value.Contains(options.Kind)))
        {
            section.Error(key, $"has no effect on a probe of kind {options.Kind}",
                $"Remove it, or set Kind to {string.Join(", ", kinds[..^1])}{(kinds.Length > 1 ? " or " : "")}{kinds[^1]}.");
        }

        if (options.Kind != "https" && !options.Tls)
        {
            foreach (var key in _ofTls.Where(key => section.Has(key) && _kinds[key].Contains(options.Kind)))
            {
                section.Error(key, "is set without Tls", "Set Tls to true, or remove the key.");
            }
        }

        if (options.Strict && (options.Steps.Count > 0 || options.SendHex.Length + options.ExpectHex.Length > 0))
        {
            section.Error("Strict", "knows neither Steps nor bytes in hexadecimal, as nanny did not",
                "Set Strict to false, or use Send and Expect alone.");
        }

        if (options.Kind == "command" && (options.Command.Count == 0 || options.Command[0].Length == 0))
        {
            section.Error("Command", "names no program", "Write the program and its arguments as a list, such as [ \"/usr/local/bin/check\", \"%h\" ].");
        }

        if (options.Kind == "dns" && !DnsName.IsName(options.Query))
        {
            section.Error("Query", "is no name that can be asked for", "Write a name such as www.example.com, or . for the root.");
        }
    }
}
