using System.CommandLine;
using System.CommandLine.Parsing;
using Gateway.Commands.Remote;
using Gateway.Configuration;
using Gateway.Http;
using Gateway.Simulation;

namespace Gateway.Commands;

/// <summary>The commands of the program. Exit codes: 0 well, 1 the answer is no, 2 the input is wrong.</summary>
internal static class CommandLine
{
    public const int BadInput = 2;

    public static async Task<int> RunAsync(string[] arguments)
    {
        // --Section:Key=value may name any key, so these are not options a parser could know.
        var overrides = arguments.Where(IsOverride).ToArray();
        var words = WithGlobalsBehind([.. arguments.Where(argument => !IsOverride(argument))]);
        if (words is ["balance", ..])
        {
            // Its options are those of balance, where -c and -b mean other things than here.
            return await BalanceCommand.RunAsync(words[1..], overrides, CancellationToken.None);
        }

        // To start is the one thing that must be quick: it waits neither for a parser nor for the other commands to be described.
        if (IsPlainRun(words, out var named))
        {
            return await RunCommand.RunAsync(named, overrides, CancellationToken.None);
        }

        var root = words is [] or ["run", ..] or ["--config" or "-c", _] or ["--config" or "-c", _, "run", ..] ? Runner(overrides, out _) : Root(overrides);
        return await InvokeAsync(root.Parse(words), Console.Error);
    }

    /// <summary>Whether the words say no more than to run, in the way they usually do; the parser would come to the same.</summary>
    internal static bool IsPlainRun(ReadOnlySpan<string> words, out string? file)
    {
        file = null;
        if (words is ["run", .. var behind])
        {
            words = behind;
        }

        // What begins with a dash may be an option, and what begins with @ is a file of words to the parser.
        if (words is ["--config" or "-c", { Length: > 0 } named] && named[0] is not ('-' or '@'))
        {
            file = named;
            return true;
        }

        return words.IsEmpty;
    }

    /// <summary>Carries a command line out, or tells what is wrong with it.</summary>
    internal static async Task<int> InvokeAsync(ParseResult parsed, TextWriter errors)
    {
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await errors.WriteLineAsync(WordsOf(parsed, error));
            }

            await errors.WriteLineAsync("'gateway --help' lists commands and options.");
            return BadInput;
        }

        // Signals are the host's, which drains; the parser's own handler would end the process after two seconds.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    /// <summary>An error of the parser, which does not name a word that is no command when it misses one.</summary>
    private static string WordsOf(ParseResult parsed, ParseError error)
    {
        var command = parsed.CommandResult.Command;
        return parsed.UnmatchedTokens is [var word, ..] && !word.StartsWith('-') && command.Subcommands.Count > 0 && command.Arguments.Count == 0
            ? NoCommand(word, command.Subcommands.Select(sub => sub.Name)) : error.Message;
    }

    /// <summary>What is said to a word that is none of the commands.</summary>
    internal static string NoCommand(string word, IEnumerable<string> known) =>
        $"'{word}' is no command." + (NearestKey.Find(word, known) is { } near ? $" Did you mean '{near}'?" : "");

    /// <summary>Options that all commands for a running Gateway take may stand before the command, as elsewhere; the parser wants
    /// them behind it.</summary>
    internal static string[] WithGlobalsBehind(string[] words)
    {
        var count = 0;
        while (count < words.Length)
        {
            var taken = words[count] is "--json" or "-j" || words[count].StartsWith("--url=", StringComparison.Ordinal) ? 1
                : words[count] is "--url" or "-u" ? 2 : 0;
            if (taken == 0)
            {
                break;
            }

            count += taken;
        }

        // Without a command behind them they are left to the parser.
        return count >= words.Length ? words : [.. words[count..], .. words[..count]];
    }

    private static bool IsOverride(string argument) =>
        argument.StartsWith("--", StringComparison.Ordinal)
        && argument.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals
        && argument.AsSpan(0, equals).Contains(':');

    /// <summary>The command line with the command that runs Gateway, and nothing else.</summary>
    private static RootCommand Runner(string[] overrides, out Option<string?> config)
    {
        var file = config = new Option<string?>("--config", "-c")
        {
            Description = "The configuration file; by default appsettings.json in the working directory, else the one "
                + "beside the program. --Section:Key=value and Section__Key in the environment override it.",
            Recursive = true,
        };
        Task<int> Run(ParseResult parsed, CancellationToken cancellation) =>
            RunCommand.RunAsync(parsed.GetValue(file), overrides, cancellation);

        var root = new RootCommand("Gateway, a load balancer. Without a command it runs.");
        root.Options.Add(file);
        root.SetAction(Run);
        var run = new Command("run", "Runs Gateway until SIGTERM or Ctrl+C (the default).");
        run.SetAction(Run);
        root.Subcommands.Add(run);
        return root;
    }

    private static RootCommand Root(string[] overrides)
    {
        var root = Runner(overrides, out var config);
        var files = new Argument<string[]>("FILE") { Arity = ArgumentArity.OneOrMore };
        var check = new Command("check", "Checks configuration files, with what overrides them, and prints every error; exit 2 when there is one.") { files };
        check.SetAction(parsed => Check(parsed.GetValue(files)!, overrides));
        root.Subcommands.Add(check);

        var demo = new Command("demo", "Runs Gateway with three sample destinations and prints what to try.");
        demo.SetAction((_, cancellation) => DemoCommand.RunAsync(overrides, cancellation));
        root.Subcommands.Add(demo);

        var scenarios = new Argument<string[]>("FILE") { Arity = ArgumentArity.ZeroOrMore };
        var plot = new Option<string?>("--plot")
        {
            Description = "Draws the shares of a joining destination under each scheduler into this SVG file instead.",
        };
        var simulate = new Command(
            "simulate", "Replays recorded scheduling scenarios and prints the picks; exit 1 when one differs.") { scenarios, plot };
        simulate.Validators.Add(result =>
        {
            if (result.GetValue(plot) is null == result.GetValue(scenarios) is not { Length: > 0 })
            {
                result.AddError("Name scenario files, or --plot and one file to write.");
            }
        });
        simulate.SetAction(parsed => parsed.GetValue(plot) is { } picture
            ? Simulate.Plot(picture, Console.Error)
            : Simulate.Run(parsed.GetValue(scenarios)!, Console.Out, Console.Error));
        root.Subcommands.Add(simulate);

        root.Subcommands.Add(PasswdCommand.Create(config));

        var address = new Option<Uri>("--url")
        {
            Description = "Where to ask.",
            DefaultValueFactory = _ => HealthCommand.DefaultAddress,
            CustomParser = ParseUrl, // System.CommandLine knows no conversion to Uri.
        };
        var health = new Command("health", "Asks a running Gateway how it is; exit 0 when it is well.") { address };
        health.SetAction((parsed, _) => HealthCommand.RunAsync(parsed.GetValue(address)!));
        root.Subcommands.Add(health);
        root.Subcommands.Add(ImportLine.Create());
        root.Subcommands.Add(RealServerLine.Create());
        root.Subcommands.Add(Completion.Create(Console.Out));
        foreach (var command in new RemoteLine(Screen.OfProcess()).Commands())
        {
            root.Subcommands.Add(command);
        }

        root.Subcommands.Add(new Command(
            "balance", "Balances a port among the channels named as arguments, without any file; 'gateway balance --help' tells more."));
        return root;
    }

    private static Uri? ParseUrl(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is ("http" or "https"))
        {
            return url;
        }

        result.AddError($"--url '{text}' is not an http:// or https:// address.");
        return null;
    }

    private static int Check(string[] files, string[] overrides)
    {
        using var yarp = new YarpCheck();
        var loader = new ConfigurationLoader(Environment.GetEnvironmentVariables(), overrides, yarp.Check);
        return CheckCommand.Run(files, loader, Console.Out, Console.Error);
    }
}
