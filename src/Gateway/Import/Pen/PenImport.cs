using System.Globalization;
using System.Net;
using Gateway.Import.Balance;

namespace Gateway.Import.Pen;

/// <summary>Translates scripts that call <c>pen</c>(1), one call a line.</summary>
/// <remarks>pen sends a known client to the server it had, remembering 2048 of them, and a new one to the least loaded server;
/// <c>-r</c> takes turns without memory, <c>-h</c> hashes the client's address first, <c>-W</c> goes by weights.</remarks>
internal sealed class PenImport(Blueprint blueprint, Statement line)
{
    /// <summary>The options of pen 0.34 that take a value; <c>-S</c> as older ones have it.</summary>
    private const string WithValue = "BCFOSTbceijlmopqtuwxEKGAL";


    private readonly List<string> _words = [];
    private readonly Dictionary<char, string> _options = [];

    public static double Likeness(SourceText text) => ImportFormats.ShareOfLines(text, line => ShellLine.Calls(line, "pen"));

    public static IReadOnlyList<Statement> Read(SourceText text, Draft draft)
    {
        var blueprint = new Blueprint(draft);
        var lines = ShellLine.Read(text);
        foreach (var line in lines)
        {
            if (ShellLine.CallOf(line.Words, "pen") is { } arguments)
            {
                new PenImport(blueprint, line).Translate(arguments);
            }
            else
            {
                line.Impossible("is no call of pen");
            }
        }

        return lines;
    }

    private void Translate(IReadOnlyList<string> arguments)
    {
        Options(arguments);
        if (_words.Count < 2)
        {
            line.Impossible("names no port and server");
            return;
        }

        var (host, portWord) = Words.Split(_words[0]);
        var (address, port) = portWord.Length == 0 ? (IPAddress.Any, Words.Port(host)) : (Words.Address(host), Words.Port(portWord));
        if (address is null || port is not { } number)
        {
            line.Impossible($"'{_words[0]}' is no address and port to listen on");
            return;
        }

        if (Has('R') && Has('E'))
        {
            line.Impossible("-R: virtual servers ask clients for no certificate; the call is left out, as everybody would be let in");
            return;
        }

        var protocol = Has('U') ? "udp" : "tcp";
        var listen = new IPEndPoint(address, number);
        if (blueprint.Claim(listen, protocol, "pen") is not null)
        {
            line.Impossible("another call listens there already");
            return;
        }

        // Every word is looked at below.
        line.Rest(1);
        line.Same();
        var (id, cluster) = blueprint.AddCluster("pen", Blueprint.AtLine(line.Line, line.Text));
        Scheduling(cluster);
        foreach (var word in _words.Skip(1))
        {
            Server(cluster, word, protocol, number);
        }

        Emergency(cluster, protocol, number);
        var (_, server) = blueprint.AddVirtualServer("pen", protocol, id, Blueprint.AtLine(line.Line, line.Text));
        server.Append("Listen", listen.ToString());
        Limits(server, protocol);
        Tls(server, protocol);
        Tell();
    }

    private bool Has(char option) => _options.ContainsKey(option);

    private void Options(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var word = arguments[i];
            // As getopt of glibc has it, options may stand behind servers.
            if (word.Length < 2 || word[0] != '-')
            {
                _words.Add(word);
                continue;
            }

            for (var at = 1; at < word.Length; at++)
            {
                if (!WithValue.Contains(word[at], StringComparison.Ordinal))
                {
                    _options[word[at]] = "";
                    continue;
                }

                _options[word[at]] = at + 1 < word.Length ? word[(at + 1)..] : i + 1 < arguments.Count ? arguments[++i] : "";
                break;
            }
        }
    }

    private void Scheduling(Draft cluster)
    {
        cluster.Set("LoadBalancingPolicy", Has('W') ? "wlc" : Has('h') ? "sh" : Has('r') ? "rr" : "lc");
        if (Has('r'))
        {
            return;
        }

        var seconds = Number('T', 0);
        var persistence = cluster.Section("Persistence").Set("Timeout", seconds > 0 ? Words.Seconds(seconds) : TimeSpan.FromDays(1));
        if (seconds == 0)
        {
            line.Approximated("a client that is away is forgotten after a day, or when the table is full, not only then");
        }

        persistence.Set("MaxEntries", Math.Clamp(Number('c', 2048), 1, int.MaxValue));
    }

    /// <summary><c>host:port:soft:hard:weight:prio</c>, all but the host as one likes.</summary>
    private void Server(Draft cluster, string word, string protocol, int listenPort)
    {
        var end = word.StartsWith('[') ? word.IndexOf(']', StringComparison.Ordinal) + 1 : word.IndexOf(':', StringComparison.Ordinal);
        var host = end <= 0 ? word : word[..end];
        var parts = end <= 0 ? [] : word[end..].Split(':').Skip(1).ToList();
        var port = parts.ElementAtOrDefault(0) is { Length: > 0 } portWord ? Words.Port(portWord) : listenPort;
        if (port is not { } number || Words.Destination(protocol, host, number) is not { } address
            || Blueprint.AddDestination(cluster, $"{host}:{number}", address) is not { } added)
        {
            line.Impossible($"'{word}' is no server, or is there twice");
            return;
        }

        if (parts.Count > 5 || parts.Skip(1).Any(part => part.Length > 0 && Words.Whole(part) is null))
        {
            line.Approximated($"'{word}': what is no number, or behind the priority, is left out");
        }

        if (Part(parts, 1) is > 0 and var soft)
        {
            added.Destination.Set("MaxConnections", Math.Min(soft, int.MaxValue));
        }

        if (Part(parts, 2) is > 0)
        {
            line.Approximated($"{host}: there is one limit, not another for clients that are known");
        }

        if (Part(parts, 3) is { } weight)
        {
            added.Destination.Set("Weight", Math.Min(weight, 65535));
        }

        if (Part(parts, 4) is not null)
        {
            line.Approximated($"{host}: there are no priorities");
        }
    }

    private static long? Part(List<string> parts, int index) =>
        parts.ElementAtOrDefault(index) is { Length: > 0 } word ? Words.Whole(word) : null;

    private void Emergency(Draft cluster, string protocol, int listenPort)
    {
        if (!_options.TryGetValue('e', out var word))
        {
            return;
        }

        if (BalanceChannel.Parse(word, listenPort) is { } server
            && Blueprint.AddDestination(cluster, "emergency", Words.Destination(protocol, server.Host, server.Port)!) is { } added)
        {
            added.Destination.Set("Backup", true);
        }
        else
        {
            line.Impossible($"-e '{word}' is no server");
        }
    }

    private void Limits(Draft server, string protocol)
    {
        server.Set("MaxConnections", Math.Min(Number('x', 500), int.MaxValue));
        var seconds = Math.Clamp(Number('t', 5), 1, 3600);
        if (protocol == "tcp")
        {
            server.Set("ConnectTimeout", TimeSpan.FromSeconds(seconds));
        }
    }

    /// <summary>The number of an option; what is none is told.</summary>
    private long Number(char option, long otherwise)
    {
        if (!_options.TryGetValue(option, out var word))
        {
            return otherwise;
        }

        if (Words.Whole(word) is { } number)
        {
            return number;
        }

        line.Approximated(string.Create(CultureInfo.InvariantCulture, $"-{option} '{word}' is no number; {otherwise} is used"));
        return otherwise;
    }

    /// <summary>With a certificate clients speak TLS with pen, and pen plainly with servers.</summary>
    private void Tls(Draft server, string protocol)
    {
        if (!_options.TryGetValue('E', out var certificate))
        {
            return;
        }

        if (protocol == "udp")
        {
            line.Approximated("-E: TLS is for TCP");
            return;
        }

        server.Section("Tls").Set("CertificatePath", certificate).Set("KeyPath", _options.GetValueOrDefault('K', certificate));
        line.Same("Tls: certificate and key must be there when Gateway starts");
    }

    private void Tell()
    {
        foreach (var option in _options.Keys)
        {
            var (verdict, note) = option switch
            {
                'b' => (Verdict.Approximated, "-b: a server that does not answer is passed over each time, and not for a while"),
                'B' => (Verdict.Impossible, "-B: clients are led to no other server by a control port"),
                'C' or 'X' => (Verdict.Impossible, $"-{option}: there is no control port"),
                'F' or 'O' or 'o' => (Verdict.Impossible, $"-{option}: commands of penctl are not read; what an access list in them refuses, Gateway LETS THROUGH"),
                'H' => (Verdict.Impossible, "-H: connections are relayed as they are: no header is added"),
                'h' => (Verdict.Approximated, "-h: another hash function"),
                's' => (Verdict.Approximated, "-s: another server is tried"),
                'S' => (Verdict.Same, "-S: any number of servers"),
                'j' or 'u' or 'p' or 'f' or 'm' or 'q' or 'P' or 'n' or 'Q' or 'i' or 'N' =>
                    (Verdict.Same, $"-{option}: of the process; the container or the service manager says this for Gateway"),
                'l' or 'w' or 'd' or 'a' or 'D' => (Verdict.Approximated, $"-{option}: see Telemetry:AccessLog and the metrics"),
                'G' or 'A' => (Verdict.Same, $"-{option} is of no effect without -R"),
                'L' or 'Z' => (Verdict.Approximated, $"-{option}: TLS is of version 1.2 or 1.3"),
                'R' => (Verdict.Same, "-R is of no effect without -E"),
                'K' when !Has('E') => (Verdict.Same, "-K is of no effect without -E"),
                'T' or 'c' or 'e' or 'r' or 't' or 'U' or 'W' or 'x' or 'E' or 'K' => (Verdict.Same, ""),
                _ => (Verdict.Impossible, string.Create(CultureInfo.InvariantCulture, $"-{option} is no option of pen")),
            };
            line.Judge(verdict, note);
        }
    }
}
