using Gateway.Management.Access;
using Gateway.Management.Api;
using Gateway.Management.Listening;

namespace Gateway.Management;

/// <summary>Answers what goes wrong on the way to an endpoint, and in it, with problem details.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, Audit audit, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            audit.Refused(context, e.StatusCode, e.Message);
            // What JSON was wrong is said by the exception inside, in words for people.
            await Problems.Of(e.StatusCode, e.Message.TrimEnd('.') + ".", e.InnerException?.Message ?? "Send what the OpenAPI document describes.")
                .ExecuteAsync(context);
            return;
        }
        catch (Exception e) when (e is not OperationCanceledException && !context.Response.HasStarted)
        {
            // A bug of ours: told whole in the log, and not at all to whoever asked.
            LogFailed(e, context.Request.Method, context.Request.Path);
            await Problems.Of(StatusCodes.Status500InternalServerError, "Gateway made a mistake.", "Its log has the details; please report it.")
                .ExecuteAsync(context);
            return;
        }

        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null })
        {
            var why = context.Response.StatusCode switch
            {
                StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} is not possible here",
                StatusCodes.Status413PayloadTooLarge => $"The body has more than {ManagementListener.LargestBodyBytes} bytes",
                StatusCodes.Status415UnsupportedMediaType => "The body is not JSON",
                _ => "The request cannot be served",
            };
            audit.Refused(context, context.Response.StatusCode, why);
            await Problems.Of(context.Response.StatusCode, $"{why}.", "The OpenAPI document at /openapi/v1.json lists what is possible.")
                .ExecuteAsync(context);
        }
    }

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed.")]
    private partial void LogFailed(Exception exception, string method, string path);
}
