using System.Net;

namespace Gateway.Tests.Support;

/// <summary>
/// A real nginx with one HTTP server, whose answer to everything is its name unless told otherwise. It can be killed and
/// started again at the same place; it lives in a temporary folder and ends when disposed.
/// </summary>
internal sealed class Nginx : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-nginx-").FullName;
    private DebianProcess? _process;

    private Nginx(IPEndPoint endPoint) => EndPoint = endPoint;

    public IPEndPoint EndPoint { get; }

    /// <summary>Where the server keeps its logs and temporary files.</summary>
    public string Folder => _folder;

    /// <summary>Starts nginx and waits until it listens.</summary>
    /// <param name="name">The body of every answer.</param>
    /// <param name="address">A loopback address; null is 127.0.0.1.</param>
    /// <param name="port">The port; 0 is a free one.</param>
    /// <param name="listen">Words after the address in <c>listen</c>, such as <c>ssl</c>.</param>
    /// <param name="server">Further directives of the server block, such as locations.</param>
    public static async Task<Nginx> StartAsync(
        string name, IPAddress? address = null, int port = 0, string listen = "", string server = "")
    {
        address ??= IPAddress.Loopback;
        var nginx = new Nginx(new IPEndPoint(address, port == 0 ? FreePort.On(address) : port));
        await File.WriteAllTextAsync(nginx.ConfigurationFile, nginx.Configuration(name, listen, server));
        try
        {
            await nginx.StartAgainAsync();
            return nginx;
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }
    }

    private string ConfigurationFile => Path.Combine(_folder, "nginx.conf");

    /// <summary>Ends nginx as a crash would: its connections are reset and its port refuses.</summary>
    public async Task KillAsync()
    {
        if (_process is not null)
        {
            await _process.KillAsync();
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>Starts it again, with the same configuration at the same place.</summary>
    public async Task StartAgainAsync()
    {
        _process = DebianProcess.Start("nginx", "-p", _folder, "-e", "error.log", "-c", ConfigurationFile);
        await _process.WaitUntilListeningAsync(EndPoint);
    }

    /// <summary>Stops (SIGSTOP) or continues it: the port still accepts, nothing answers.</summary>
    public void Signal(PosixSignalNumber signal) => _process?.Signal(signal);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    // One process and no master, so that killing the process id ends all of it.
    private string Configuration(string name, string listen, string server) =>
        $$"""
        daemon off;
        master_process off;
        pid nginx.pid;
        events { worker_connections 4096; }
        http {
          access_log off;
          keepalive_requests 1000000;
          client_body_temp_path client_body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
          default_type text/plain;
          server {
            listen {{EndPoint}} {{listen}};
            {{server}}
            location / { return 200 "{{name}}"; }
          }
        }
        """;
}
