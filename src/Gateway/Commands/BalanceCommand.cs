using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Configuration;
using Gateway.Http;
using Gateway.Import;
using Gateway.Import.Balance;

namespace Gateway.Commands;

/// <summary>The <c>balance</c> command: starts without any file, from arguments as <c>balance</c> takes them.</summary>
internal static class BalanceCommand
{
    private const int ManagementPort = 3636;

    public const string Usage = """
        gateway balance [-6aHf] [-b ADDRESS] [-B ADDRESS] [-t SECONDS] [-T SECONDS] [--http] [--scheduler NAME]
                        [--save FILE] PORT HOST[:PORT[:MAXC]]... [! | %] [HOST[:PORT[:MAXC]]...]

        Balances connections to PORT among the channels HOST:PORT, each with at most MAXC of them, in the foreground and
        without any file. An empty PORT is that of the listener: web2::16. '!' ends a group that takes turns, '%' one that
        hashes the client's address; the next group serves when no channel of the first can.

          -b ADDRESS        listen on this address only; -6 on those of IPv6
          -B ADDRESS        connect to channels from this address
          -t SECONDS        time to connect to a channel before the next one is tried (5)
          -T SECONDS        time without a byte after which a connection ends (0: never)
          -a                a channel that fails is disabled, for a day or until 'gateway up'
          -H                a hash group tries its next channel when one fails
          --http            balance HTTP requests instead of connections
          --scheduler NAME  one of Gateway's schedulers instead of turns or hash
          --save FILE       write the configuration to FILE and start nothing

        --Section:Key=value adds anything else of docs/configuration.md, such as --Telemetry:Listen:0=127.0.0.1:9464.
        """;

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, string[] overrides, CancellationToken cancellation)
    {
        if (arguments.Any(argument => argument is "--help" or "-?"))
        {
            await Console.Out.WriteLineAsync(Usage);
            return 0;
        }

        if (BalanceArguments.Parse(arguments, isOurs: true, out var errors) is not { } call)
        {
            foreach (var error in errors)
            {
                await Console.Error.WriteLineAsync(error);
            }

            await Console.Error.WriteLineAsync("'gateway balance --help' tells more.");
            return CommandLine.BadInput;
        }

        var json = Json(call, isManaged: call.Save is not null || ManagementPortIsFree(), out var remarks);
        foreach (var remark in remarks)
        {
            await Console.Error.WriteLineAsync($"warning: {remark}");
        }

        return call.Save is { } file ? await SaveAsync(file, json) : await RunAsync(json, overrides, cancellation);
    }

    /// <summary>The configuration of a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="isManaged">Whether Gateway listens for the console at its usual address.</param>
    /// <param name="remarks">What differs from balance.</param>
    internal static string Json(BalanceCall call, bool isManaged, out IReadOnlyList<string> remarks)
    {
        var draft = new Draft();
        var told = BalanceDraft.Write(call, new Blueprint(draft), "").Where(remark => remark.Verdict > Verdict.Same).ToList();
        if (!draft.Has("Telemetry"))
        {
            // Who starts several of these does not think of a port for the metrics of each.
            draft.Section("Telemetry").Set("Listen", []);
        }

        if (!isManaged)
        {
            draft.Section("Management").Set("Listen", []);
        }

        // Nor of a state file in the directory they are started in.
        draft.Section("State").Set("Directory", "");
        remarks = [.. told.Select(remark => remark.Note)];
        return DraftText.Of(draft, ["Made by 'gateway balance'. Keys are described in docs/configuration.md."]);
    }

    /// <summary>Whether the usual address of management can be had: a second balance on a machine does without.</summary>
    private static bool ManagementPortIsFree()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, ManagementPort));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<int> SaveAsync(string file, string json)
    {
        try
        {
            if (file == "-")
            {
                await Console.Out.WriteAsync(json);
                return 0;
            }

            await File.WriteAllTextAsync(file, json);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return CommandLine.BadInput;
        }
    }

    private static async Task<int> RunAsync(string json, string[] overrides, CancellationToken cancellation)
    {
        using var yarp = new YarpCheck();
        var loader = new ConfigurationLoader(null, overrides, yarp.Check);
        var loaded = loader.Load(Encoding.UTF8.GetBytes(json), "balance");
        if (loaded.Configuration is not { } configuration)
        {
            RunCommand.Print(loaded.Errors, Console.Error);
            return CommandLine.BadInput;
        }

        return await RunCommand.RunAsync(configuration, loader: null, cancellation);
    }
}
