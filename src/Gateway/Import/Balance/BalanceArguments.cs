using Gateway.Scheduling;

namespace Gateway.Import.Balance;

/// <summary>Reads the arguments of <c>balance</c> 3.54: options as getopt reads them, then the port, then channels in groups.</summary>
/// <remarks>
/// <c>!</c> as a word of its own ends a group that takes turns, <c>%</c> one that hashes; the last group takes turns. A later group
/// serves when no channel of an earlier one can. <example><c>8080 web1 web2::16 ! backup</c>: web1 and web2 by turns, web2 with at most
/// 16 connections, and backup when neither can, all at port 8080.</example>
/// </remarks>
internal sealed class BalanceArguments
{
    /// <summary>More than the 16 groups of 64 that balance has room for.</summary>
    private const int MostChannels = 1024;

    /// <summary>What <c>ConnectTimeout</c> of a virtual server may be at most.</summary>
    private static readonly TimeSpan _longestConnect = TimeSpan.FromHours(1);

    private const string WithValue = "bBctT";
    private const string Flags = "6adfHiMp";

    private readonly List<string> _errors = [];
    private readonly List<(Verdict, string)> _remarks = [];
    private readonly List<string> _words = [];
    private BalanceCall _call = new();

    /// <summary>The call, or all that is wrong with it.</summary>
    /// <param name="arguments">The words behind <c>balance</c>.</param>
    /// <param name="isOurs">Whether the long options of <c>gateway balance</c> are known as well.</param>
    /// <param name="errors">What is wrong, one sentence each; empty when nothing is.</param>
    public static BalanceCall? Parse(IReadOnlyList<string> arguments, bool isOurs, out IReadOnlyList<string> errors)
    {
        var parser = new BalanceArguments();
        parser.Options(arguments, isOurs);
        parser.Channels();
        errors = parser._errors;
        return errors.Count == 0 ? parser._call with { Remarks = parser._remarks } : null;
    }

    private void Options(IReadOnlyList<string> arguments, bool isOurs)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var word = arguments[i];
            if (word == "--")
            {
                _words.AddRange(arguments.Skip(i + 1));
                return;
            }

            if (isOurs && word.StartsWith("--", StringComparison.Ordinal))
            {
                Long(word, arguments, ref i);
            }
            else if (word.Length > 1 && word[0] == '-')
            {
                Short(word, arguments, ref i);
            }
            else
            {
                _words.Add(word);
            }
        }
    }

    /// <summary>One word of short options: flags together, and at the end one with a value, joined or next.</summary>
    private void Short(string word, IReadOnlyList<string> arguments, ref int i)
    {
        for (var at = 1; at < word.Length; at++)
        {
            if (WithValue.Contains(word[at], StringComparison.Ordinal))
            {
                var value = at + 1 < word.Length ? word[(at + 1)..] : i + 1 < arguments.Count ? arguments[++i] : null;
                if (value is null)
                {
                    _errors.Add($"-{word[at]} needs a value.");
                }
                else
                {
                    Valued(word[at], value);
                }

                return;
            }

            if (!Flags.Contains(word[at], StringComparison.Ordinal))
            {
                _errors.Add($"-{word[at]} is no option of balance.");
                return;
            }

            Flag(word[at]);
        }
    }

    private void Flag(char flag)
    {
        switch (flag)
        {
            case '6':
                _call = _call with { IsIPv6 = true };
                break;
            case 'H':
                _call = _call with { HashFailsOver = true };
                break;
            case 'a':
                _call = _call with { DisablesFailed = true };
                break;
            case 'i':
                _errors.Add("-i attaches to a running balance; 'gateway console' does so here.");
                break;
            case 'p':
                _errors.Add("-p prints what is sent, which Gateway does not; use a packet sniffer.");
                break;
            case 'd':
                _remarks.Add((Verdict.Approximated, "-d: see Logging:LogLevel"));
                break;
            default:
                // In the foreground it is anyway, and shared memory there is none.
                _remarks.Add((Verdict.Same, flag == 'f' ? "-f: always" : "-M: there is no shared memory"));
                break;
        }
    }

    private void Valued(char option, string value)
    {
        switch (option)
        {
            case 'b' when Words.Address(value) is not null:
                _call = _call with { Address = value };
                break;
            case 'b':
                _errors.Add($"-b '{value}' is no address to listen on. Write one such as 192.0.2.1 or ::1.");
                break;
            case 'B' when Words.Address(value) is not null:
                _call = _call with { Source = value };
                break;
            case 'B':
                _errors.Add($"-B '{value}' is no address of this machine. Write one such as 192.0.2.1.");
                break;
            case 'c':
                _errors.Add("-c sends a command to a running balance; 'gateway --help' lists those of Gateway.");
                break;
            case 't' when Words.Whole(value) is > 0 and var seconds:
                _call = _call with { ConnectTimeout = AtMost(seconds, _longestConnect, "-t: an hour at most") };
                break;
            case 'T' when Words.Whole(value) is >= 0 and var seconds:
                _call = _call with { IdleTimeout = AtMost(seconds, Words.LongestWait, $"-T: {Words.LongestWait.TotalDays:0} days at most; 0 is never") };
                break;
            default:
                _errors.Add($"-{option} '{value}' is no number of seconds{(option == 't' ? " above 0" : "; 0 is never")}.");
                break;
        }
    }

    private TimeSpan AtMost(long seconds, TimeSpan longest, string remark)
    {
        if (seconds <= longest.TotalSeconds)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        _remarks.Add((Verdict.Approximated, remark));
        return longest;
    }

    private void Long(string word, IReadOnlyList<string> arguments, ref int i)
    {
        var (name, value) = word.Split('=', 2) is [var before, var after] ? (before, after) : (word, null);
        if (name == "--http")
        {
            _call = _call with { IsHttp = true };
            return;
        }

        if (name is not ("--scheduler" or "--save"))
        {
            _errors.Add($"{name} is no option. Known are --http, --scheduler NAME and --save FILE.");
            return;
        }

        value ??= i + 1 < arguments.Count ? arguments[++i] : null;
        if (value is null)
        {
            _errors.Add($"{name} needs a value.");
        }
        else if (name == "--save")
        {
            _call = _call with { Save = value };
        }
        else if (Schedulers.Canonical(value) is { } scheduler)
        {
            _call = _call with { Scheduler = scheduler };
        }
        else
        {
            _errors.Add($"--scheduler '{value}' is no scheduler. Known are {string.Join(", ", Schedulers.Names)}.");
        }
    }

    private void Channels()
    {
        if (_words.Count == 0 || Words.Port(_words[0]) is not { } port)
        {
            _errors.Add(_words.Count == 0 ? "The port to listen on is missing." : $"'{_words[0]}' is neither a port from 1 to 65535 nor a known service.");
            return;
        }

        var groups = new List<BalanceGroup>();
        var channels = new List<BalanceChannel>();
        foreach (var word in _words.Skip(1))
        {
            if (word is "!" or "%")
            {
                groups.Add(new BalanceGroup(word == "%", channels));
                channels = [];
            }
            else if (BalanceChannel.Parse(word, port) is { } channel)
            {
                channels.Add(channel);
            }
            else
            {
                _errors.Add($"'{word}' is no channel. Write host, host:port or host:port:maxc.");
            }
        }

        if (_call is { Source: not null, IsHttp: true })
        {
            _errors.Add("-B is for connections; requests leave by the address the system's routes say. Leave --http or -B out.");
        }

        groups.Add(new BalanceGroup(false, channels));
        groups.RemoveAll(group => group.Channels.Count == 0);
        if (groups.Count == 0)
        {
            _errors.Add("No channel is named; write host, host:port or host:port:maxc.");
        }

        if (groups.Sum(group => group.Channels.Count) > MostChannels)
        {
            _errors.Add($"More than {MostChannels} channels are named.");
        }

        _call = _call with { Port = port, Groups = groups };
    }
}
