using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>The program itself in the namespace of a bed, with its configuration file and its metrics.</summary>
internal sealed class BedGateway : IAsyncDisposable
{
    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "Gateway.dll");

    private readonly KernelBed _bed;
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client;
    private DebianProcess? _process;

    private BedGateway(KernelBed bed)
    {
        _bed = bed;
        _client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = bed.Director.Inside(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await socket.ConnectAsync(IPAddress.Loopback, 9464, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
    }

    public string Output => _process!.Output;

    public string File => Path.Combine(_folder.Path, "appsettings.json");

    public DebianProcess Process => _process!;

    /// <summary>Tells the program to stop, and waits until it has done so in order.</summary>
    public async Task StopAsync()
    {
        Process.Signal(PosixSignalNumber.Terminate);
        var code = await Process.WaitForExitAsync();
        Assert.True(code == 0, $"exit code {code}: {Output}");
    }

    /// <summary>Starts Gateway and waits until the kernel forwards all that asks for it, as many paths as that.</summary>
    public static async Task<BedGateway> StartAsync(KernelBed bed, string json, int paths)
    {
        var gateway = await BeginAsync(bed, json);
        await gateway.PathsAsync(paths);
        return gateway;
    }

    /// <summary>Writes the configuration and starts the program, whatever becomes of it.</summary>
    /// <param name="bed">Where.</param>
    /// <param name="json">The configuration.</param>
    /// <param name="under">A program that starts it, with its arguments.</param>
    public static async Task<BedGateway> BeginAsync(KernelBed bed, string json, params string[] under)
    {
        var gateway = new BedGateway(bed);
        await System.IO.File.WriteAllTextAsync(gateway.File, Complete(json));
        gateway.Run(under);
        return gateway;
    }

    /// <summary>Starts the program again after it ended.</summary>
    public void Run(params string[] under)
    {
        string[] words = [.. under, "dotnet", _program, "run", "--config", File];
        _process = _bed.Director.Start(words[0], words[1..]);
    }

    /// <summary>What a command of the console prints that asks this program.</summary>
    public string Console(params string[] words) => RunIn(_bed.Director, words);

    /// <summary>What a command of the program prints on a machine.</summary>
    /// <exception cref="InvalidOperationException">Its exit code is not 0.</exception>
    public static string RunIn(NetworkNamespace host, params string[] words) => host.Exec("dotnet", [_program, .. words]);

    public Task PathsAsync(int paths) => Eventually.TrueAsync(
        () => _process!.HasExited ? throw new InvalidOperationException(_process.Output) : Task.FromResult(InKernel() >= paths),
        $"{paths} paths are in the kernel; {Output}");

    /// <summary>Replaces the configuration and waits until the kernel has it.</summary>
    public async Task ReloadAsync(string json)
    {
        var before = await MetricAsync("gateway_snapshot_revision");
        await System.IO.File.WriteAllTextAsync(File + ".next", Complete(json));
        System.IO.File.Move(File + ".next", File, overwrite: true);
        await Eventually.TrueAsync(async () => await MetricAsync("gateway_snapshot_revision") > before, "the configuration is read");
        await SettledAsync();
    }

    /// <summary>Waits until the cluster has so many ready destinations, and the kernel knows.</summary>
    public async Task ReadyAsync(int destinations, string cluster = "web")
    {
        await Eventually.TrueAsync(
            async () => await MetricAsync("gateway_cluster_ready_destinations", $"cluster=\"{cluster}\"") == destinations, $"{destinations} are ready; {Output}");
        await SettledAsync();
    }

    private Task SettledAsync() => Eventually.TrueAsync(
        async () => await MetricAsync("gateway_kernel_revision") == await MetricAsync("gateway_snapshot_revision"),
        $"the kernel has the new snapshot; {Output}");

    public async Task<string> MetricsAsync()
    {
        try
        {
            return await _client.GetStringAsync(new Uri("http://127.0.0.1:9464/metrics"));
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }

    /// <summary>The value of the series whose name and labels begin so.</summary>
    public async Task<double> MetricAsync(string name, params string[] labels) => (await MetricsAsync()).Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal) && labels.All(label => line.Contains(label, StringComparison.Ordinal)))
        .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>Waits until a metric has a value; counters of the kernel are read once a second.</summary>
    public Task MetricBecomesAsync(double value, string name, params string[] labels) => Eventually.TrueAsync(
        async () => await MetricAsync(name, labels) == value, $"{name} is {value}; {Output}");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _client.Dispose();
        _folder.Dispose();
    }

    private int InKernel() => Output.Split('\n').Count(line => line.Contains("is forwarded by the kernel", StringComparison.Ordinal));

    private static string Complete(string json) => json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, """
         "Telemetry": { "Listen": "127.0.0.1:9464" },
         "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:18080" } } },
         "ShutdownTimeout": "00:00:05",
        """);
}
