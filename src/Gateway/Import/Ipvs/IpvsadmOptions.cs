namespace Gateway.Import.Ipvs;

/// <summary>The options of one command of ipvsadm, long names shortened.</summary>
internal sealed class IpvsadmOptions
{
    private static readonly Dictionary<string, string> _short = new(StringComparer.Ordinal)
    {
        ["--tcp-service"] = "-t",
        ["--udp-service"] = "-u",
        ["--fwmark-service"] = "-f",
        ["--scheduler"] = "-s",
        ["--persistent"] = "-p",
        ["--netmask"] = "-M",
        ["--real-server"] = "-r",
        ["--gatewaying"] = "-g",
        ["--ipip"] = "-i",
        ["--masquerading"] = "-m",
        ["--weight"] = "-w",
        ["--u-threshold"] = "-x",
        ["--l-threshold"] = "-y",
        ["--ipv6"] = "-6",
        ["--ops"] = "-o",
        ["--sched-flags"] = "-b",
    };

    private static readonly string[] _flags = ["-g", "-i", "-m", "-6", "-o", "-n", "--tun-nocsum", "--tun-csum", "--tun-remcsum"];

    private static readonly string[] _known =
        ["-t", "-u", "-f", "--sctp-service", "-s", "-p", "-M", "-r", "-g", "-i", "-m", "-w", "-x", "-y", "-6", "-o", "-b", "--pe", "-n"];

    private readonly List<(string Name, string? Value)> _options = [];
    private readonly List<string> _strays = [];

    public static IpvsadmOptions Of(Statement command)
    {
        var options = new IpvsadmOptions();
        var words = command.Arguments.SelectMany(word => word.StartsWith("--", StringComparison.Ordinal) ? word.Split('=', 2) : [word]).ToList();
        for (var i = 0; i < words.Count; i++)
        {
            var name = _short.GetValueOrDefault(words[i], words[i]);
            if (!name.StartsWith('-'))
            {
                options._strays.Add(name);
            }
            else if (_flags.Contains(name) || i + 1 >= words.Count || words[i + 1].StartsWith('-'))
            {
                // -p may come without its seconds.
                options._options.Add((name, null));
            }
            else
            {
                options._options.Add((name, words[++i]));
            }
        }

        return options;
    }

    /// <summary><c>-t</c>, <c>-u</c>, <c>--sctp-service</c> or <c>-f</c>; empty when no service is named.</summary>
    public string ServiceFlag =>
        _options.Select(option => option.Name).FirstOrDefault(name => name is "-t" or "-u" or "-f" or "--sctp-service") ?? "";

    public string? Service => Value(ServiceFlag);

    public string Protocol => ServiceFlag switch { "-u" => "udp", "--sctp-service" => "sctp", _ => "tcp" };

    /// <summary>What tells a service from others.</summary>
    public string Key => $"{ServiceFlag} {Service}{(Has("-6") && ServiceFlag == "-f" ? " -6" : "")}";

    public bool Has(string name) => _options.Exists(option => option.Name == name);

    public string? Value(string name) => _options.Find(option => option.Name == name).Value;

    /// <summary>Tells of options that mean nothing to Gateway.</summary>
    public void TellRest(Statement command)
    {
        foreach (var (name, _) in _options.Where(option => !_known.Contains(option.Name)))
        {
            command.Approximated(name.StartsWith("--tun", StringComparison.Ordinal)
                ? $"{name}: there is no tunnel" : $"{name} is no option of Gateway's");
        }

        foreach (var stray in _strays)
        {
            command.Approximated($"'{stray}' belongs to no option");
        }
    }
}
