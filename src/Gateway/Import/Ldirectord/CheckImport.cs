using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Probing.Answers;

namespace Gateway.Import.Ldirectord;

/// <summary>Translates how ldirectord checks the servers of a service into the probe of its cluster.</summary>
internal sealed partial class CheckImport(Statement global, Statement block, string protocol, int? port)
{
    private static readonly string[] _login = ["login", "passwd", "database", "secret", "load"];

    /// <summary>Writes the probe. Returns whether servers are never used, as checktype says <c>off</c>.</summary>
    public bool Translate(Draft cluster)
    {
        var type = Find("checktype")?.Value ?? "negotiate";
        foreach (var name in _login)
        {
            block.Last(name)?.Impossible("probes do not log in");
        }

        if (type is "off" or "on")
        {
            Find("checktype")!.Same(type == "on" ? "not probed" : "no server is ever used");
            return type == "off";
        }

        var isNegotiate = type == "negotiate" || Words.Whole(type) is not null;
        var service = block.Last("service")?.Value ?? StandardService.Of(port);
        if (isNegotiate && service == "none")
        {
            // Servers are up, as with checktype on.
            Find("checktype")?.Same();
            (block.Last("service") ?? block).Same(block.Last("service") is not null ? "not probed"
                : "not probed: without service its port has no check; write a Probe to the cluster");
            return false;
        }

        var probe = cluster.Section("Probe");
        if (isNegotiate)
        {
            Find("checktype")?.Judge(type == "negotiate" ? Verdict.Same : Verdict.Approximated, type == "negotiate" ? null : "each probe asks");
            Negotiate(probe, service);
        }
        else
        {
            Other(probe, type);
            foreach (var name in (string[])["service", "request", "receive"])
            {
                block.Last(name)?.Whole(Verdict.Same, $"of no effect on checktype {type}");
            }
        }

        if (block.Last("checkport") is { } checkPort)
        {
            if (Words.Port(checkPort.Value) is { } number)
            {
                probe.Set("Port", number);
                checkPort.Same();
            }
            else
            {
                checkPort.Approximated("is no port; that of the server is probed");
            }
        }

        Pace(probe, isNegotiate);
        return false;
    }

    /// <summary>Connecting, an echo, or a program; the connect check of UDP is an echo.</summary>
    private void Other(Draft probe, string type)
    {
        var isPing = type == "ping" || (type == "connect" && protocol == "udp");
        var command = block.Last("checkcommand");
        var words = command is null ? [] : LdirectordReader.Unquoted(command.Value).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (type is "external" or "external-perl" && words.Length > 0)
        {
            var (host, portWord) = Words.Split(block.Value);
            probe.Set("Kind", "command").Set("Command", [.. words, host, portWord.Length > 0 ? portWord : "0", "%h", "%p"]);
            command!.Same();
            Find("checktype")!.Judge(type == "external" ? Verdict.Same : Verdict.Approximated, type == "external" ? null : "started for each probe");
            return;
        }

        probe.Set("Kind", isPing ? "icmp" : "tcp");
        command?.Whole(Verdict.Same, "of no effect on this checktype");
        Find("checktype")!.Judge(isPing || type == "connect" ? Verdict.Same : Verdict.Impossible,
            isPing || type == "connect" ? null : $"there is no check by '{type}': the probe connects only");
    }

    private Statement? Find(string name) => block.Last(name) ?? global.Last(name);

    private void Negotiate(Draft probe, string service)
    {
        // What a service that is not named differs in is said of the whole block.
        var statement = block.Last("service") ?? block;
        statement.Same();
        switch (service)
        {
            case "http" or "https":
                probe.Set("Kind", service);
                statement.Approximated("redirects are not followed: a server that answers with one is down; ask for the page it leads to");
                Page(probe);
                break;
            case "simpletcp":
                probe.Set("Kind", protocol);
                Conversation(probe);
                break;
            case "smtp" or "submission":
                probe.Set("Kind", "smtp");
                break;
            case "dns":
                Dns(probe);
                break;
            case "pgsql":
                probe.Set("Kind", "postgres");
                statement.Approximated("a session is begun, and no query made");
                break;
            case "ftp" or "pop" or "imap" or "pops" or "imaps":
                probe.Set("Kind", service switch { "ftp" => "ftp", "pop" or "pops" => "pop3", _ => "imap" });
                if (service.EndsWith('s'))
                {
                    probe.Set("Tls", true);
                }

                statement.Approximated("the greeting is looked at, and nobody logs in");
                break;
            case "nntp":
                probe.Set("Kind", "tcp").Set("Expect", "2");
                statement.Approximated("the greeting is looked at");
                break;
            default:
                probe.Set("Kind", protocol == "udp" ? "icmp" : "tcp");
                statement.Judge(statement == block ? Verdict.Approximated : Verdict.Impossible,
                    $"there is no check of {service}{(statement == block ? ", which its port is checked for" : "")}: the probe connects only");
                break;
        }
    }

    private void Page(Draft probe)
    {
        if (block.Last("request") is { } request)
        {
            var path = LdirectordReader.Unquoted(request.Value);
            path = path.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(path, UriKind.Absolute, out var whole) ? whole.PathAndQuery
                : path.StartsWith('/') ? path : "/" + path;
            if (PathForm().IsMatch(path))
            {
                probe.Set("Path", path);
                request.Same();
            }
            else
            {
                request.Approximated("is no path; / is asked for");
            }
        }

        var method = block.Last("httpmethod");
        var isHead = string.Equals(method?.Value, "HEAD", StringComparison.OrdinalIgnoreCase);
        if (method is not null)
        {
            var isGet = string.Equals(method.Value, "GET", StringComparison.OrdinalIgnoreCase);
            probe.Set("Method", isHead ? "HEAD" : "GET");
            method.Judge(isHead || isGet ? Verdict.Same : Verdict.Approximated, isHead || isGet ? null : "is neither GET nor HEAD; GET is used");
        }

        if (block.Last("receive") is { } receive)
        {
            if (isHead)
            {
                receive.Impossible("an answer to HEAD has no text");
            }
            else
            {
                PageText.Search(probe, LdirectordReader.Unquoted(receive.Value), receive);
            }
        }

        if (block.Last("virtualhost") is { } host)
        {
            var name = LdirectordReader.Unquoted(host.Value);
            if (name.Length > 0 && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
            {
                probe.Set("Host", name);
                host.Same();
            }
            else
            {
                host.Approximated("is no host name");
            }
        }
    }

    private void Dns(Draft probe)
    {
        probe.Set("Kind", "dns").Set("QueryType", "A");
        if (block.Last("request") is { } request)
        {
            var name = LdirectordReader.Unquoted(request.Value);
            var isName = Words.IsHostName(name);
            request.Judge(isName ? Verdict.Same : Verdict.Approximated, isName ? null : "is no name; the root is asked for");
            if (isName)
            {
                probe.Set("Query", name);
            }
        }

        if (block.Last("receive") is { } receive)
        {
            var answer = LdirectordReader.Unquoted(receive.Value);
            var isAddress = Words.Address(answer) is not null;
            receive.Judge(isAddress ? Verdict.Same : Verdict.Approximated, isAddress ? null : "is no address; any answer passes");
            if (isAddress)
            {
                probe.Set("Answer", answer);
            }
        }
    }

    private void Conversation(Draft probe)
    {
        if (block.Last("request") is { } request)
        {
            probe.Set("Send", LdirectordReader.Unquoted(request.Value).Replace("\\n", "\n", StringComparison.Ordinal));
            request.Same();
        }

        if (block.Last("receive") is { } receive)
        {
            var pattern = LdirectordReader.Unquoted(receive.Value);
            if (pattern.Length == 0 || Expectation.PatternError(pattern) is not null)
            {
                receive.Impossible("is no regular expression .NET can search for without backtracking; any answer passes");
                probe.Set("Expect", "*");
            }
            else
            {
                probe.Set("Expect", pattern).Set("Regex", true);
                receive.Same();
            }
        }
    }

    private void Pace(Draft probe, bool isNegotiate)
    {
        var interval = Seconds("checkinterval", 10, 86400);
        Find("checkinterval")?.Same("Interval");
        var timeoutName = isNegotiate && Find("negotiatetimeout") is not null ? "negotiatetimeout" : "checktimeout";
        var timeout = Seconds(timeoutName, isNegotiate ? 30 : 5, 86400);
        var least = Math.Min(timeout, interval);
        // The other one may be of use to another service.
        Find(timeoutName)?.Same("Timeout");
        if (timeout > interval)
        {
            (Find(timeoutName) ?? block).Approximated(string.Create(CultureInfo.InvariantCulture,
                $"a probe has {least} seconds: no longer than to the next one"));
        }

        var fall = Math.Clamp(Seconds("failurecount", 1, 1000), 1, 1000);
        Find("failurecount")?.Same("Fall");
        Find("checkcount")?.Whole(Verdict.Approximated, "failurecount is Fall; a probe is not repeated at once");
        probe.Set("Interval", TimeSpan.FromSeconds(interval)).Set("Timeout", TimeSpan.FromSeconds(least)).Set("Rise", 1).Set("Fall", fall);
    }

    private long Seconds(string name, long otherwise, long most)
    {
        if (Find(name) is not { } statement)
        {
            return otherwise;
        }

        if (Words.Whole(statement.Value) is > 0 and var number && number <= most)
        {
            return number;
        }

        statement.Approximated(string.Create(CultureInfo.InvariantCulture, $"'{statement.Value}' is not from 1 to {most}; {otherwise} is used"));
        return otherwise;
    }

    [GeneratedRegex(@"^/[^\s#]*$")]
    private static partial Regex PathForm();
}
