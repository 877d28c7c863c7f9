using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Http;

namespace Gateway.Commands;

/// <summary>The <c>run</c> command: reads the configuration, runs until told to stop.</summary>
internal static class RunCommand
{
    /// <summary>Exit code when something of Gateway itself broke while it ran.</summary>
    public const int Broken = 1;

    private const string DefaultFile = "appsettings.json";

    public static async Task<int> RunAsync(string? file, string[] overrides, CancellationToken cancellation)
    {
        using var yarp = new YarpCheck();
        var loader = new ConfigurationLoader(Environment.GetEnvironmentVariables(), overrides, yarp.Check);
        var loaded = loader.Load(file ?? FindFile());
        if (loaded.Configuration is not { } configuration)
        {
            Print(loaded.Errors, Console.Error);
            return CommandLine.BadInput;
        }

        Print(configuration.Warnings, Console.Error);
        return await RunAsync(configuration, loader, cancellation);
    }

    /// <summary>Runs until told to stop; an address that cannot be listened on is bad input.</summary>
    /// <param name="configuration">What to run.</param>
    /// <param name="loader">Reads the configuration's file again when it changes; null never does.</param>
    /// <param name="cancellation">Ends the run.</param>
    public static async Task<int> RunAsync(
        LoadedConfiguration configuration, ConfigurationLoader? loader, CancellationToken cancellation)
    {
        WebApplication app;
        try
        {
            app = await GatewayHost.BuildAsync(configuration, loader);
        }
        catch (ConfigurationRefusedException e)
        {
            Print(e.Errors, Console.Error);
            return CommandLine.BadInput;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return await RefuseAsync(e);
        }

        await using (app)
        {
            try
            {
                await app.StartAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                // Told to stop before it had started.
                await StopAsync(app);
                return 0;
            }
            catch (Exception e)
            {
                await StopAsync(app);
                return await RefuseAsync(e);
            }

            try
            {
                await app.WaitForShutdownAsync(cancellation);
            }
            catch (Exception e) when (IsLate(e))
            {
                // The shutdown timeout passed and what was still open has been cut off: a late end, not a failed one.
            }

            return ExitCode(app);
        }
    }

    /// <summary>What the process ends with after a stop: 0 when it was told to stop, and another code when a loop of Gateway's own broke and
    /// the host therefore stopped, so that a supervisor starts it again.</summary>
    internal static int ExitCode(IHost host) => host.Services.GetServices<IHostedService>().OfType<BackgroundService>()
        .Any(loop => loop.ExecuteTask is { IsFaulted: true }) ? Broken : 0;

    /// <summary>Tells in one line why there is no start. Whatever it is, what has been asked for cannot be had, and to abort would leave a
    /// stack and a core where an operator looks for a key.</summary>
    private static async Task<int> RefuseAsync(Exception e)
    {
        var cause = e is IOException ? e : e.GetBaseException();
        await Console.Error.WriteLineAsync(e is IOException ? cause.Message : $"Gateway cannot start: {cause.GetType().Name}: {cause.Message.ReplaceLineEndings(" ")}");
        return CommandLine.BadInput;
    }

    /// <summary>Stops what had started when the start as a whole did not come to its end: virtual addresses and rules in the
    /// kernel would outlive the process.</summary>
    private static async Task StopAsync(WebApplication app)
    {
        try
        {
            await app.StopAsync();
        }
        catch (Exception e) when (IsLate(e))
        {
            // As below.
        }
    }

    /// <summary>Whether services only said that their time was over; the host puts what several say into one.</summary>
    private static bool IsLate(Exception e) => e is OperationCanceledException
        || (e is AggregateException several && several.InnerExceptions.All(IsLate));

    /// <summary>The configuration file when none is named.</summary>
    public static string FindFile() =>
        File.Exists(DefaultFile) ? DefaultFile : Path.Combine(AppContext.BaseDirectory, DefaultFile);

    public static void Print(IReadOnlyList<ConfigurationError> errors, TextWriter output)
    {
        foreach (var error in errors)
        {
            output.WriteLine(error);
        }
    }
}
